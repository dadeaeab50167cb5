import { parseArgs } from 'node:util'

export type ParleyOptions = {
  readonly url: string
  readonly keyFile?: string
  /** Id or slug that beats are sent for. */
  readonly agent: string
  readonly slug: string
  readonly register: boolean
  /** Calls that do not come from this Parley are refused. */
  readonly verify: boolean
}

export type Options = {
  readonly port: number
  readonly grpcPort: number
  readonly streaming: boolean
  readonly recordFile?: string
  readonly parley?: ParleyOptions
}

/** Flags, then environment, then defaults. Throws a `TypeError` for a flag that does not exist or a bad port. */
export function readOptions(args: readonly string[], env: NodeJS.ProcessEnv): Options {
  const { values } = parseArgs({
    args: [...args],
    options: {
      port: { type: 'string' },
      'grpc-port': { type: 'string' },
      parley: { type: 'string' },
      'key-file': { type: 'string' },
      'agent-id': { type: 'string' },
      slug: { type: 'string' },
      register: { type: 'boolean' },
      verify: { type: 'boolean' },
      record: { type: 'string' },
      streaming: { type: 'string' },
    },
  })
  const port = portOf(values.port ?? env.PORT)
  const grpcPort = portOf(values['grpc-port'] ?? env.GRPC_PORT)
  const recordFile = values.record ?? env.RECORD_FILE
  const url = values.parley ?? env.PARLEY_URL
  const keyFile = values['key-file'] ?? env.PARLEY_KEY_FILE
  const slug = values.slug ?? 'scenario'
  if (values.verify && url === undefined) throw new TypeError('To verify calls, --parley must say whose.')
  return {
    port,
    grpcPort,
    streaming: values.streaming !== 'false',
    ...(recordFile === undefined ? {} : { recordFile }),
    ...(url === undefined
      ? {}
      : {
          parley: {
            url: url.replace(/\/+$/, ''),
            ...(keyFile === undefined ? {} : { keyFile }),
            agent: values['agent-id'] ?? slug,
            slug,
            register: values.register ?? false,
            verify: values.verify ?? false,
          },
        }),
  }
}

function portOf(text = '0'): number {
  const port = Number(text)
  if (!Number.isInteger(port) || port < 0 || port > 65_535) throw new TypeError('A port must be 0 to 65535.')
  return port
}
