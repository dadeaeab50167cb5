import type { AgentInterface } from '../a2a/agent-card.ts'
import type { Operation } from '../a2a/operation.ts'
import { V0_3_JSON } from '../a2a/v0_3/json/dialect.ts'
import { methodOfOperation } from '../a2a/v0_3/json/methods.ts'
import { V0_3_REST } from '../a2a/v0_3/proto/dialect.ts'
import { V1_0 } from '../a2a/v1-0.ts'
import { findVersion, type Version } from '../a2a/version.ts'
import { AgentFailure } from '../delivery/agent-client.ts'
import type { BindingDeps } from './binding.ts'
import { createJsonRpc } from './jsonrpc.ts'
import { createLeg, type Leg } from './leg.ts'
import { createRest } from './rest.ts'

/** The ways there are to an agent: each binding in each version. */
export type Legs = AsyncDisposable & {
  /** Rejects with `not_accepted` for a binding or version that we do not speak; none is ever taken for another. */
  readonly legTo: (via: AgentInterface) => Promise<Leg>
}

type ByVersion = Readonly<Record<Version, Leg>>

export function createLegs(deps: BindingDeps): Legs {
  const overHttp: ReadonlyMap<string, ByVersion> = new Map([
    [
      'JSONRPC',
      {
        '1.0': createLeg(
          createJsonRpc(deps, '1.0', (operation) => operation),
          V1_0,
        ),
        '0.3': createLeg(createJsonRpc(deps, '0.3', legacyMethod), V0_3_JSON),
      },
    ],
    [
      'HTTP+JSON',
      {
        '1.0': createLeg(createRest(deps, '1.0'), V1_0),
        '0.3': createLeg(createRest(deps, '0.3'), V0_3_REST),
      },
    ],
  ])
  // Loaded with the first agent that speaks it: most processes never meet one.
  let overGrpc: Promise<ByVersion & AsyncDisposable> | undefined
  const loadGrpc = () => {
    overGrpc ??= import('./grpc-legs.ts').then(({ createGrpcLegs }) => createGrpcLegs(deps))
    return overGrpc
  }

  return {
    async legTo({ protocolBinding, protocolVersion }) {
      const version = findVersion(protocolVersion)
      if (version === undefined) throw notSpoken(`A2A ${protocolVersion}`)
      const legs = protocolBinding === 'GRPC' ? await loadGrpc() : overHttp.get(protocolBinding)
      if (legs === undefined) throw notSpoken(`The binding ${protocolBinding}`)
      return legs[version]
    },
    async [Symbol.asyncDispose]() {
      const grpc = await overGrpc
      await grpc?.[Symbol.asyncDispose]()
    },
  }
}

const notSpoken = (what: string): AgentFailure =>
  new AgentFailure('not_accepted', `${what}, which the agent speaks, is not supported`, {
    code: 'version_not_supported',
  })

function legacyMethod(operation: Operation): string {
  const method = methodOfOperation(operation)
  if (method === undefined) throw new TypeError(`A2A 0.3 has no ${operation}`)
  return method
}
