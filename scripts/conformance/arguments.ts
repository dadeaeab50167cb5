import { parseArgs } from 'node:util'

export const TRANSPORTS = ['jsonrpc', 'rest', 'grpc'] as const
export type Transport = (typeof TRANSPORTS)[number]

/** The version of A2A that the agent behind the gateway speaks. */
export const AGENTS = ['v1.0', 'v0.3'] as const
export type Agent = (typeof AGENTS)[number]

export type Arguments = {
  readonly kit: string
  readonly transports: readonly Transport[]
  readonly agents: readonly Agent[]
  readonly python: string
}

export const USAGE = `npm run conformance -- --kit <path> [--transport <list>] [--agent v1.0|v0.3|all] [--python <path>]

Runs an official A2A compatibility kit against a Parley it starts, with the scenario agent behind it, and compares what
failed with the deviations listed in test/conformance. Exits with 1 for a failure that is not listed, and for a listed
one that passes; with 2 where the kit could not be run.

  --kit <path>        a checkout of github.com/a2aproject/a2a-tck: branch 1.0-dev or 0.3.x
  --transport <list>  ${TRANSPORTS.join(', ')}, or several with commas (all)
  --agent <version>   the version of A2A that the agent behind Parley speaks (all)
  --python <path>     Python 3.11 or newer, to make the kit's environment with (python3)
`

/** `undefined` when the help is asked for. Throws an `Error` that says what is wrong. */
export function readArguments(args: readonly string[]): Arguments | undefined {
  const { values } = parseArgs({
    args: [...args],
    options: {
      kit: { type: 'string' },
      transport: { type: 'string', default: 'all' },
      agent: { type: 'string', default: 'all' },
      python: { type: 'string', default: 'python3' },
      help: { type: 'boolean', short: 'h', default: false },
    },
  })
  if (values.help) return undefined
  if (values.kit === undefined) throw new Error('--kit is required: the path of a checkout of the kit')
  return {
    kit: values.kit,
    transports: choice('--transport', values.transport, TRANSPORTS),
    agents: choice('--agent', values.agent, AGENTS),
    python: values.python,
  }
}

function choice<T extends string>(name: string, text: string, all: readonly T[]): readonly T[] {
  if (text === 'all') return all
  const wanted = text.split(',').map((word) => word.trim())
  const unknown = wanted.find((word) => !all.some((known) => known === word))
  if (unknown !== undefined) throw new Error(`${name}: "${unknown}" is none of ${all.join(', ')}, all`)
  return all.filter((known) => wanted.includes(known))
}
