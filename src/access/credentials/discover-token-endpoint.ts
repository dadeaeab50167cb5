import { isObject } from '../../a2a/json-object.ts'
import type { DeclaredScheme } from '../../a2a/security.ts'
import { parseJson } from '../../a2a/wire.ts'
import { ParleyError } from '../../errors.ts'
import { invalidCredential } from './read-secret.ts'
import type { TokenSource } from './token-source.ts'

/**
 * Where tokens for a scheme are had: as the card says, or as the provider that the card names says. `undefined` for schemes
 * without tokens. Throws `invalid_params` when that may not be asked or does not say.
 */
export async function discoverTokenEndpoint(
  scheme: DeclaredScheme,
  source: TokenSource,
  signal: AbortSignal,
): Promise<string | undefined> {
  if (scheme.kind === 'oauth2') return checked(scheme.tokenUrl ?? '', source)
  if (scheme.kind !== 'openIdConnect') return undefined
  const url = checked(scheme.openIdConnectUrl, source)
  const endpoint = endpointIn(await metadataAt(url, source, signal))
  if (endpoint === undefined) throw atFault('names no token_endpoint')
  return checked(endpoint, source)
}

function checked(url: string, source: TokenSource): string {
  try {
    source.check(url)
    return url
  } catch (error) {
    const { message } = ParleyError.from(error)
    throw invalidCredential([
      {
        pointer: '',
        code: 'token_endpoint',
        message: `needs a token endpoint that may not be asked: ${message}`,
      },
    ])
  }
}

async function metadataAt(url: string, source: TokenSource, signal: AbortSignal): Promise<string> {
  try {
    return await source.fetchMetadata(url, signal)
  } catch (error) {
    signal.throwIfAborted()
    throw atFault(`cannot be had: ${ParleyError.from(error).message}`)
  }
}

function endpointIn(text: string): string | undefined {
  try {
    const metadata = parseJson(text)
    const endpoint = isObject(metadata) ? metadata.token_endpoint : undefined
    return typeof endpoint === 'string' ? endpoint : undefined
  } catch {
    return undefined
  }
}

const atFault = (problem: string): ParleyError =>
  invalidCredential([
    { pointer: '', code: 'discovery', message: `needs the provider's metadata, which ${problem}` },
  ])
