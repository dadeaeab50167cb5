import { V1_0_METHODS } from '../a2a/proto/methods-v1.ts'
import { V0_3_PROTO } from '../a2a/v0_3/proto/dialect.ts'
import { V0_3_METHODS } from '../a2a/v0_3/proto/methods.ts'
import { V1_0 } from '../a2a/v1-0.ts'
import type { Version } from '../a2a/version.ts'
import type { BindingDeps } from './binding.ts'
import { createGrpc } from './grpc.ts'
import { createHttp2Connections } from './http2-connections.ts'
import { createLeg, type Leg } from './leg.ts'

/** gRPC in both versions, over the same connections. */
export function createGrpcLegs(deps: BindingDeps): Readonly<Record<Version, Leg>> & AsyncDisposable {
  const connections = createHttp2Connections({
    guard: deps.guard,
    connectTimeoutMs: deps.limits.connectTimeoutMs,
  })
  return {
    '1.0': createLeg(createGrpc(deps, connections, '1.0', V1_0_METHODS), V1_0),
    '0.3': createLeg(createGrpc(deps, connections, '0.3', V0_3_METHODS), V0_3_PROTO),
    [Symbol.asyncDispose]: () => connections[Symbol.asyncDispose](),
  }
}
