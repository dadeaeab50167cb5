import type { AgentCard, AgentInterface } from '../a2a/agent-card.ts'
import { parseGrpcAddress } from './grpc-address.ts'

/**
 * Scheme, host and port of an interface, as `https://host[:port]`. An address of gRPC that does not say is one over TLS: so
 * is every call there that shows what is secret. `undefined` for what names no server.
 */
export function originOf({ url, protocolBinding }: AgentInterface): string | undefined {
  if (protocolBinding !== 'GRPC') {
    const origin = URL.parse(url)?.origin
    return origin === 'null' ? undefined : origin
  }
  const address = parseGrpcAddress(url)
  if (address === undefined) return undefined
  const { host, port, tls = true } = address
  return new URL(`${tls ? 'https' : 'http'}://${host}:${port}`).origin
}

/** Those of all interfaces of a card, each once. */
export const originsOf = ({ supportedInterfaces }: AgentCard): readonly string[] => [
  ...new Set(supportedInterfaces.flatMap((via) => originOf(via) ?? [])),
]
