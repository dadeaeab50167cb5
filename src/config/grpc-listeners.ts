import type { Reader } from './read-settings.ts'

/** Where gRPC is served. */
export type GrpcListener = {
  readonly host: string
  readonly port: number
  /** The agent (slug or id) of calls that name none. */
  readonly agent?: string
  /** How the world reaches it; the listening address when absent. */
  readonly publicAddress?: string
}

/** `port` or `host:port`, with an optional `=agent`. */
const GRPC_ENTRY = /^(?:(?<host>[^:=[\]]+|\[[\da-f:.]+\]):)?(?<port>\d{1,5})(?:=(?<agent>[\w~.-]+))?$/i

/** `host:port`, or the same as a URL, where the port may be the scheme's own. */
const PUBLIC_ADDRESS =
  /^(?:(?:https?|grpcs?):\/\/(?:\[[\da-f:.]+\]|[\w.-]+)(?::\d{1,5})?|(?:\[[\da-f:.]+\]|[\w.-]+):\d{1,5})$/i

/** Those of `PARLEY_GRPC`, on `defaultHost` where they name none. */
export function grpcListeners(read: Reader, defaultHost: string): readonly GrpcListener[] {
  const addresses = read.list('GRPC_PUBLIC_URL')
  const entries = read.list('GRPC')
  if (addresses.length > entries.length) {
    read.problem('GRPC_PUBLIC_URL', 'names more addresses than PARLEY_GRPC has listeners')
  }
  const strange = addresses.filter((address) => !PUBLIC_ADDRESS.test(address))
  if (strange.length > 0) {
    read.problem(
      'GRPC_PUBLIC_URL',
      `holds ${strange.join(', ')}, but must be host:port or grpcs://host[:port]`,
    )
  }
  return entries.flatMap((entry, index): readonly GrpcListener[] => {
    const { host = defaultHost, port, agent } = GRPC_ENTRY.exec(entry)?.groups ?? {}
    if (port === undefined || Number(port) > 65_535) {
      read.problem('GRPC', `holds ${entry}, but must be ports or host:port, each with an optional =agent`)
      return []
    }
    const publicAddress = addresses[index]
    return [
      {
        host: host.replace(/^\[(.*)\]$/, '$1'),
        port: Number(port),
        ...(agent === undefined ? {} : { agent }),
        ...(publicAddress === undefined ? {} : { publicAddress }),
      },
    ]
  })
}
