import type { AgentInterface } from '../a2a/agent-card.ts'
import type { Agent } from './agent.ts'
import type { PublicAddresses } from './public-addresses.ts'
import { invokeUrl } from './public-urls.ts'

/**
 * Every way clients can call an agent through the gateway, best first (A2A 1.0 §8.3.1): 1.0 before 0.3, JSON-RPC before
 * the others.
 *
 * A gRPC listener serves every agent to those who name one by `tenant`. 0.3 has no such field, so there a listener serves
 * its default agent alone.
 */
export function publishedInterfaces(
  agent: Pick<Agent, 'id' | 'slug'>,
  addresses: PublicAddresses,
): readonly AgentInterface[] {
  const url = invokeUrl(addresses.http, agent)
  const isDefault = (listener: { readonly agent?: string }) =>
    listener.agent === agent.id || listener.agent === agent.slug
  const own = addresses.grpc.filter(isDefault)
  const shared = addresses.grpc.filter((listener) => !isDefault(listener))
  return [
    at('1.0', 'JSONRPC', url),
    at('1.0', 'HTTP+JSON', url),
    ...own.map((listener) => at('1.0', 'GRPC', listener.url)),
    ...shared.map((listener) => ({ ...at('1.0', 'GRPC', listener.url), tenant: agent.id })),
    at('0.3', 'JSONRPC', url),
    at('0.3', 'HTTP+JSON', url),
    ...own.map((listener) => at('0.3', 'GRPC', listener.url)),
  ]
}

const at = (protocolVersion: string, protocolBinding: string, url: string): AgentInterface => ({
  url,
  protocolBinding,
  protocolVersion,
})
