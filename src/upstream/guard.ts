import type { LookupAddress } from 'node:dns'
import { lookup } from 'node:dns/promises'
import { isIP } from 'node:net'
import { ParleyError } from '../errors.ts'
import { type AddressPolicy, type AddressRules, parseAddressPolicy, type Verdict } from './address-policy.ts'

/** Why we call out. Each purpose has a policy of its own, set by the setting named here. */
export const ALLOW_SETTINGS = {
  agents: 'PARLEY_ALLOW_AGENTS',
  cards: 'PARLEY_ALLOW_CARDS',
  identity: 'PARLEY_ALLOW_IDENTITY',
} as const

export type Purpose = keyof typeof ALLOW_SETTINGS

/** Every address of a host name. Rejects when there is none. */
export type Resolve = (host: string) => Promise<readonly LookupAddress[]>

/**
 * Decides which URLs we may call. Every outbound connection passes here twice: `check` refuses early and without DNS,
 * `resolve` yields the only addresses that the connection may then use. So a name that changes between the two, or
 * between two connections, gains nothing.
 *
 * Both refuse with `invalid_params`; the message names the host and the setting that would allow it, never an address
 * it resolved to. `details.setting` is that setting, absent when none would.
 */
export type Guard = {
  /** The parsed URL: http or https, no credentials in it, and no address or plain http that the policy refuses. */
  readonly check: (url: string, purpose: Purpose) => URL
  /** Refuses when any one address of the host is refused. Rejects as the resolver does for an unknown host. */
  readonly resolve: (url: URL, purpose: Purpose) => Promise<readonly LookupAddress[]>
}

export type GuardDeps = {
  /** A purpose without one may call what is public, over TLS. */
  readonly policies: Readonly<Partial<Record<Purpose, AddressPolicy>>>
  readonly resolve?: Resolve
}

/** Throws `invalid_params`, naming the setting, for a policy it cannot read. */
export function createGuard(deps: GuardDeps): Guard {
  const rules: Readonly<Record<Purpose, AddressRules>> = {
    agents: rulesOf('agents', deps.policies.agents),
    cards: rulesOf('cards', deps.policies.cards),
    identity: rulesOf('identity', deps.policies.identity),
  }
  const resolve = deps.resolve ?? ((host: string) => lookup(host, { all: true }))

  return {
    check(text, purpose) {
      const url = parseUrl(text)
      const target = targetOf(url)
      if (isIP(target.host) !== 0) admitAddress(target, target.host, purpose, rules[purpose])
      else admitName(target, purpose, rules[purpose])
      return url
    },
    async resolve(url, purpose) {
      const target = targetOf(url)
      const family = isIP(target.host)
      const addresses = family === 0 ? await resolve(target.host) : [{ address: target.host, family }]
      for (const { address } of addresses) admitAddress(target, address, purpose, rules[purpose])
      return addresses
    },
  }
}

type Target = { readonly host: string; readonly port: number; readonly plain: boolean }

function rulesOf(purpose: Purpose, policy: AddressPolicy = { allow: [] }): AddressRules {
  try {
    return parseAddressPolicy(policy)
  } catch (cause) {
    throw new ParleyError(
      'invalid_params',
      `${ALLOW_SETTINGS[purpose]}: ${ParleyError.from(cause).message}`,
      {
        cause,
      },
    )
  }
}

function parseUrl(text: string): URL {
  const url = URL.parse(text)
  if (url === null) throw new ParleyError('invalid_params', 'The URL is not valid')
  if (url.protocol !== 'https:' && url.protocol !== 'http:') {
    throw new ParleyError('invalid_params', 'The URL must begin with https:// or http://')
  }
  if (url.username !== '' || url.password !== '') {
    throw new ParleyError('invalid_params', 'The URL must not contain credentials')
  }
  return url
}

function targetOf(url: URL): Target {
  const plain = url.protocol === 'http:'
  const port = url.port === '' ? (plain ? 80 : 443) : Number(url.port)
  return { host: url.hostname.replace(/^\[(.*)\]$/, '$1'), port, plain }
}

/** A name says little before it is resolved; what is certain to be refused later is refused now. */
function admitName(target: Target, purpose: Purpose, rules: AddressRules): void {
  if (target.plain && !rules.hasRanges && !rules.namesHost(target.host, target.port)) {
    throw refusePlain(target, purpose)
  }
}

function admitAddress(target: Target, address: string, purpose: Purpose, rules: AddressRules): void {
  const verdict = rules.judge(address, target.port)
  if (verdict === 'allowed') return
  if (verdict === 'never') throw refuseAddress(target, address, verdict, purpose, rules)
  if (rules.namesHost(target.host, target.port)) return
  if (verdict === 'private') throw refuseAddress(target, address, verdict, purpose, rules)
  if (target.plain) throw refusePlain(target, purpose)
}

function refusePlain(target: Target, purpose: Purpose): ParleyError {
  const setting = ALLOW_SETTINGS[purpose]
  return new ParleyError(
    'invalid_params',
    `${target.host} may not be called over plain http: use https, or allow the host with ${setting}`,
    { details: { setting } },
  )
}

function refuseAddress(
  target: Target,
  address: string,
  verdict: Verdict,
  purpose: Purpose,
  rules: AddressRules,
): ParleyError {
  const cause = new Error(`${target.host} is at ${address}`)
  if (verdict === 'never') {
    return new ParleyError('invalid_params', `${target.host} is a metadata service, which is never called`, {
      cause,
    })
  }
  if (rules.loopbackOnly) {
    return new ParleyError(
      'invalid_params',
      `${target.host} is not on this machine, and demo mode calls nothing else: turn it off with PARLEY_DEMO=0`,
      { cause, details: { setting: 'PARLEY_DEMO' } },
    )
  }
  const setting = ALLOW_SETTINGS[purpose]
  return new ParleyError(
    'invalid_params',
    `${target.host} is not at a public address: ${setting} can allow it`,
    {
      cause,
      details: { setting },
    },
  )
}
