import { httpUrlProblem } from './http-url.ts'

/** Where a gRPC server is. `tls` is absent when the text leaves it open. */
export type GrpcAddress = {
  /** Lower case; IPv6 in brackets. */
  readonly host: string
  readonly port: number
  readonly tls?: boolean
}

const SCHEMES: Readonly<Record<string, { readonly tls: boolean; readonly port: number }>> = {
  http: { tls: false, port: 80 },
  https: { tls: true, port: 443 },
  grpc: { tls: false, port: 80 },
  grpcs: { tls: true, port: 443 },
}

const AUTHORITY = /^(\[[\da-f:.]+\]|[^\s/?#@:[\]\\]+)(?::(\d{1,5}))?$/i

/** The address that `host:port`, `http(s)://…` or `grpc(s)://…` means; `undefined` for what means none. */
export function parseGrpcAddress(text: string): GrpcAddress | undefined {
  const [, scheme, rest = text] = /^([a-z]+):\/\/([^/]*)(?:\/.*)?$/i.exec(text) ?? []
  const known = scheme === undefined ? undefined : SCHEMES[scheme.toLowerCase()]
  if (scheme !== undefined && known === undefined) return undefined
  const [, name, digits] = AUTHORITY.exec(rest) ?? []
  const port = digits === undefined ? known?.port : Number(digits)
  // The URL parser knows what is no host; the port is put apart, because it drops one that is its scheme's default.
  const host = name === undefined ? undefined : URL.parse(`http://${name}`)?.hostname
  if (!host || port === undefined || port < 1 || port > 65_535) return undefined
  return { host, port, ...(known === undefined ? {} : { tls: known.tls }) }
}

/** What keeps `text` from being the address of a gRPC server; `undefined` when nothing does. */
export function grpcAddressProblem(text: string): string | undefined {
  if (/^https?:/i.test(text) && !/^https?:\d+$/i.test(text)) return httpUrlProblem(text)
  if (text.length <= 2048 && parseGrpcAddress(text) !== undefined) return undefined
  return 'must be host:port, or an http, https, grpc or grpcs URL'
}

/** Whether both lead to one server, however they are spelt. */
export function isSameGrpcAddress(one: string, other: string): boolean {
  const [a, b] = [parseGrpcAddress(one), parseGrpcAddress(other)]
  return a !== undefined && b !== undefined && a.host === b.host && a.port === b.port
}
