import type { AgentCard, AgentInterface } from '../a2a/agent-card.ts'
import { parseGrpcAddress } from './grpc-address.ts'

/**
 * Where an interface is, the same text however that is spelt: scheme, host, port and path of a URL, host and port of a gRPC
 * server. Queries do not count. `undefined` for what names no server.
 */
export function addressOf({
  url,
  protocolBinding,
}: Pick<AgentInterface, 'url' | 'protocolBinding'>): string | undefined {
  if (protocolBinding === 'GRPC') {
    const address = parseGrpcAddress(url)
    return address && `grpc://${plainHost(address.host)}:${address.port}`
  }
  const parsed = URL.parse(url)
  if (parsed === null || parsed.host === '') return undefined
  const { protocol, hostname, port, pathname } = parsed
  return `${protocol}//${plainHost(hostname)}${port === '' ? '' : `:${port}`}${plainPath(pathname)}`
}

/** Those of all interfaces of a card, each once. */
export const addressesOf = ({ supportedInterfaces }: AgentCard): readonly string[] => [
  ...new Set(supportedInterfaces.flatMap((via) => addressOf(via) ?? [])),
]

/** An address of IPv4 within one of IPv6, as URLs have it. */
const MAPPED = /^\[::ffff:([\da-f]{1,4}):([\da-f]{1,4})\]$/

/** `example.com.` is `example.com`, and `[::ffff:7f00:1]` is `127.0.0.1`. */
function plainHost(host: string): string {
  const [, high, low] = MAPPED.exec(host) ?? []
  if (high === undefined || low === undefined) return host.replace(/\.$/, '')
  return [high, low]
    .map((digits) => Number.parseInt(digits, 16))
    .flatMap((pair) => [pair >> 8, pair & 0xff])
    .join('.')
}

/** Servers take these for one: `/a2a`, `/a2a/`, `//a2a` and `/%612a`. What parts a path stays as it is. */
const plainPath = (path: string): string =>
  path
    .replace(/%[\da-f]{2}/gi, (code) => {
      const character = String.fromCharCode(Number.parseInt(code.slice(1), 16))
      return /[!-~]/.test(character) && !/[%/?#\\]/.test(character) ? character : code.toUpperCase()
    })
    .replace(/\/{2,}/g, '/')
    .replace(/\/$/, '')
