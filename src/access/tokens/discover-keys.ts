import type { JWK } from 'jose'
import { isObject, type JsonObject } from '../../a2a/json-object.ts'
import { parseJson } from '../../a2a/wire.ts'
import { parseKeySet } from '../public-keys.ts'
import type { IdentitySource } from './identity-source.ts'
import type { Issuer } from './issuer.ts'

/** Where the metadata of an issuer is that speaks OpenID Connect. */
export const openIdUrl = ({ issuer }: Pick<Issuer, 'issuer'>): string =>
  `${issuer.replace(/\/+$/, '')}/.well-known/openid-configuration`

/** Where OAuth has it: between the host and the path (RFC 8414 §3.1). */
function oauthUrl({ issuer }: Issuer): string {
  const { origin, pathname } = new URL(issuer)
  return `${origin}/.well-known/oauth-authorization-server${pathname.replace(/\/+$/, '')}`
}

/** The present keys of an issuer, from where it is configured to have them, or says that it has. */
export async function discoverKeys(
  issuer: Issuer,
  source: IdentitySource,
  signal: AbortSignal,
): Promise<readonly JWK[]> {
  const url = issuer.jwksUrl ?? (await keysUrlOf(issuer, source, signal))
  return parseKeySet(await source.fetchKeys(url, signal), 'What is there')
}

async function keysUrlOf(issuer: Issuer, source: IdentitySource, signal: AbortSignal): Promise<string> {
  for (const url of [openIdUrl(issuer), oauthUrl(issuer)]) {
    const text = await source.fetchMetadata(url, signal)
    if (text !== undefined) return keysUrlIn(parseJson(text), issuer, url)
  }
  throw new Error(`There is no metadata at ${openIdUrl(issuer)} and ${oauthUrl(issuer)}`)
}

/** Metadata speaks only for the issuer whose it says it is (RFC 8414 §3.3). */
function keysUrlIn(metadata: unknown, { issuer }: Issuer, url: string): string {
  const said: JsonObject = isObject(metadata) ? metadata : {}
  if (said.issuer !== issuer) throw new Error(`The metadata at ${url} is not that of ${issuer}`)
  if (typeof said.jwks_uri === 'string') return said.jwks_uri
  throw new Error(`The metadata at ${url} names no jwks_uri`)
}
