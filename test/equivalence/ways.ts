import type { Version } from '../../src/a2a/version.ts'

/** One way into the gateway, or out of it: a version of A2A over one of its bindings. */
export type Way = {
  readonly version: Version
  readonly binding: 'JSONRPC' | 'HTTP+JSON' | 'GRPC'
}

const BINDINGS = ['JSONRPC', 'HTTP+JSON', 'GRPC'] as const

/** All there are. */
export const WAYS: readonly Way[] = (['1.0', '0.3'] as const).flatMap((version) =>
  BINDINGS.map((binding) => ({ version, binding })),
)

export const nameOf = ({ version, binding }: Way): string => `${binding} ${version}`
