import { X509Certificate } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { ParleyError } from '../errors.ts'
import type { Env, ProxyVariables } from './env.ts'

/** How calls leave this host. The proxies may hold a password, so it must never be printed. */
export type Outbound = {
  readonly proxies?: {
    readonly https?: ProxyAddress
    readonly http?: ProxyAddress
    /** What is called without a proxy, as `NO_PROXY` has it. */
    readonly bypass: readonly string[]
  }
  /** Certificates in PEM that are trusted besides the default ones. */
  readonly extraCa?: string
}

/** `authorization` is the value of a header. */
export type ProxyAddress = { readonly url: URL; readonly authorization?: string }

/** Throws `invalid_params`, naming the setting or variable and never its value. */
export function toOutbound(env: Env, variables: ProxyVariables): Outbound {
  const proxies = proxiesOf(env, variables)
  return {
    ...(proxies === undefined ? {} : { proxies }),
    ...(env.CA_FILE === undefined ? {} : { extraCa: certificatesIn(env.CA_FILE) }),
  }
}

function proxiesOf({ OUTBOUND_PROXY }: Env, variables: ProxyVariables): Outbound['proxies'] {
  if (OUTBOUND_PROXY === 'none') return undefined
  const bypass = (variables.NO_PROXY ?? '').split(/[\s,]+/).filter((entry) => entry !== '')
  if (OUTBOUND_PROXY !== undefined) {
    const proxy = proxyIn('PARLEY_OUTBOUND_PROXY', OUTBOUND_PROXY)
    return { https: proxy, http: proxy, bypass }
  }
  const { HTTPS_PROXY, HTTP_PROXY } = variables
  if (HTTPS_PROXY === undefined && HTTP_PROXY === undefined) return undefined
  return {
    ...(HTTPS_PROXY === undefined ? {} : { https: proxyIn('HTTPS_PROXY', HTTPS_PROXY) }),
    ...(HTTP_PROXY === undefined ? {} : { http: proxyIn('HTTP_PROXY', HTTP_PROXY) }),
    bypass,
  }
}

/** The variables may leave the scheme out, and then mean http. */
function proxyIn(name: string, text: string): ProxyAddress {
  const url = URL.parse(/^[a-z][a-z\d+.-]*:\/\//i.test(text) ? text : `http://${text}`)
  const isBare = url?.pathname === '/' && url.search === '' && url.hash === ''
  if (url === null || !isBare || !/^https?:$/.test(url.protocol)) throw notAProxy(name)
  if (url.username === '' && url.password === '') return { url }
  const bare = new URL(url.origin)
  const credentials = [url.username, url.password].map((part) => decoded(name, part)).join(':')
  return { url: bare, authorization: `Basic ${Buffer.from(credentials).toString('base64')}` }
}

function decoded(name: string, part: string): string {
  try {
    return decodeURIComponent(part)
  } catch {
    // The cause would show the password.
    throw notAProxy(name)
  }
}

const notAProxy = (name: string): ParleyError =>
  new ParleyError(
    'invalid_params',
    `${name} must be the http or https URL of a proxy, without a path; PARLEY_OUTBOUND_PROXY=none uses no proxy`,
  )

const CERTIFICATE = /-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----/g

function certificatesIn(path: string): string {
  try {
    const certificates = readFileSync(path, 'utf8').match(CERTIFICATE) ?? []
    if (certificates.length === 0) throw new Error('there is no certificate in it')
    for (const each of certificates) new X509Certificate(each)
    return certificates.join('\n')
  } catch (cause) {
    throw new ParleyError('invalid_params', `PARLEY_CA_FILE must hold certificates in PEM: ${path}`, {
      cause,
    })
  }
}
