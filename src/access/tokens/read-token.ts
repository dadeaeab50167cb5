import { isObject, type JsonObject } from '../../a2a/json-object.ts'
import { hasRepeatedName } from '../../a2a/json-text.ts'
import { parseJson } from '../../a2a/wire.ts'

/** A longer token is not read. */
const MAX_TOKEN_LENGTH = 8 * 1024

/** Why a token is refused. For the operator; callers are told nothing of it. */
export const REFUSALS = [
  'too_large',
  'malformed',
  'repeated_name',
  'critical_header',
  'embedded_key',
  'algorithm',
  'type',
  'issuer',
  'key_id',
  'keys_unavailable',
  'unknown_key',
  'signature',
  'no_expiry',
  'expired',
  'not_yet_valid',
  'audience',
  'subject',
  'tenant',
] as const

export type Refusal = (typeof REFUSALS)[number]

/** What a token says, before anything of it is believed. */
export type UnverifiedToken = { readonly header: JsonObject; readonly claims: JsonObject }

const PARTS = /^([\w-]+)\.([\w-]*)\.([\w-]*)$/

/** Whether a credential has the form of a JWT: three parts in base64url, the first of which holds a JSON object. */
export function isTokenShaped(credential: string): boolean {
  const header = PARTS.exec(credential)?.[1]
  if (header === undefined) return false
  try {
    return isObject(JSON.parse(Buffer.from(header, 'base64url').toString()))
  } catch {
    // Whatever it is, it is no header.
    return false
  }
}

/** Takes a token apart, or says what is wrong with its form. */
export function readToken(token: string): UnverifiedToken | Refusal {
  if (token.length > MAX_TOKEN_LENGTH) return 'too_large'
  const [, header = '', claims = '', signature = ''] = PARTS.exec(token) ?? []
  if (signature === '' || !isCanonical(signature)) return 'malformed'
  try {
    const texts = [textIn(header), textIn(claims)]
    const [read, said] = texts.map(parseJson)
    if (!isObject(read) || !isObject(said)) return 'malformed'
    return texts.some(hasRepeatedName) ? 'repeated_name' : { header: read, claims: said }
  } catch {
    // Neither base64url, UTF-8 nor JSON, or nested too deeply.
    return 'malformed'
  }
}

/** Some characters at the end of base64 mean nothing, so one text could be written in several ways. */
const isCanonical = (part: string): boolean => Buffer.from(part, 'base64url').toString('base64url') === part

function textIn(part: string): string {
  if (!isCanonical(part)) throw new TypeError('The part is not in canonical base64url')
  return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(Buffer.from(part, 'base64url'))
}
