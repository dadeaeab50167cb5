import type { LookupAddress } from 'node:dns'
import { lookup } from 'node:dns/promises'
import { isIP } from 'node:net'
import { ParleyError } from '../errors.ts'
import {
  type AddressPolicy,
  type AddressRules,
  isMetadataName,
  parseAddressPolicy,
} from './address-policy.ts'
import { BAD_PORTS } from './bad-ports.ts'
import { DIRECT, type Egress } from './egress.ts'
import { hostOf, portOf } from './host-and-port.ts'

/** Why we call out: the closed list. Each purpose has a policy of its own, set by the setting named here. */
export const ALLOW_SETTINGS = {
  alerts: 'PARLEY_ALLOW_ALERTS',
  webhooks: 'PARLEY_ALLOW_WEBHOOKS',
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
 * Both refuse with `invalid_params`; the message names the host and the setting that would allow it, never an address.
 * `details.setting` is that setting, absent when none would.
 */
export type Guard = {
  /**
   * The parsed URL: http or https, no credentials in it, and no address, plain http or port of another protocol that the
   * policy refuses.
   */
  readonly check: (url: string, purpose: Purpose) => URL
  /** Refuses when any one address of the host is refused. Rejects as the resolver does for an unknown host. */
  readonly resolve: (url: URL, purpose: Purpose) => Promise<readonly LookupAddress[]>
  /** The way out for every connection it lets through. */
  readonly egress: Egress
}

export type GuardDeps = {
  /** A purpose without one may call what is public, over TLS. */
  readonly policies: Readonly<Partial<Record<Purpose, AddressPolicy>>>
  readonly resolve?: Resolve
  readonly egress?: Egress
}

/** Throws `invalid_params`, naming the setting, for a policy it cannot read. */
export function createGuard(deps: GuardDeps): Guard {
  const rules: Readonly<Record<Purpose, AddressRules>> = {
    alerts: rulesOf('alerts', deps.policies.alerts),
    webhooks: rulesOf('webhooks', deps.policies.webhooks),
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
      const addresses =
        family === 0 ? await resolve(nameToResolve(target.host)) : [{ address: target.host, family }]
      for (const { address } of addresses) admitAddress(target, address, purpose, rules[purpose])
      return addresses
    },
    egress: deps.egress ?? DIRECT,
  }
}

/** Why nothing may be called at a URL, as far as that is known without DNS; `undefined` when it may be called. */
export function refusalOf(guard: Pick<Guard, 'check'>, url: string, purpose: Purpose): string | undefined {
  try {
    guard.check(url, purpose)
    return undefined
  } catch (reason) {
    return ParleyError.from(reason).message
  }
}

type Target = { readonly host: string; readonly port: number; readonly plain: boolean }

function rulesOf(purpose: Purpose, policy: AddressPolicy = { allow: [] }): AddressRules {
  try {
    return parseAddressPolicy(policy)
  } catch (cause) {
    const message = `${ALLOW_SETTINGS[purpose]}: ${ParleyError.from(cause).message}`
    throw new ParleyError('invalid_params', message, { cause })
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
  return { host: hostOf(url), port: portOf(url), plain: url.protocol === 'http:' }
}

/** What is below `localhost` is this machine (RFC 6761), also where a resolver knows nothing of it or says otherwise. */
const nameToResolve = (host: string): string => (/(^|\.)localhost\.?$/.test(host) ? 'localhost' : host)

/** What messages call it: never an address, which may be another than the caller wrote. */
const nameOf = ({ host }: Target): string => (isIP(host) === 0 ? host : 'The host of the URL')

/** A name says little before it is resolved; what is certain to be refused later is refused now. */
function admitName(target: Target, purpose: Purpose, rules: AddressRules): void {
  if (isMetadataName(target.host)) throw refuseMetadata(target)
  if (BAD_PORTS.has(target.port) && !rules.namesPort(target.port, target.host)) {
    throw refusePort(target, purpose, rules)
  }
  if (target.plain && !rules.hasRanges && !rules.namesHost(target.host, target.port)) {
    throw refusePlain(target, purpose)
  }
}

function admitAddress(target: Target, address: string, purpose: Purpose, rules: AddressRules): void {
  const verdict = rules.judge(address, target.port)
  if (verdict === 'never') throw refuseMetadata(target, address)
  if (BAD_PORTS.has(target.port) && !rules.namesPort(target.port, target.host, address)) {
    throw refusePort(target, purpose, rules)
  }
  if (verdict === 'allowed' || rules.namesHost(target.host, target.port)) return
  if (verdict === 'private') throw refuseAddress(target, address, purpose, rules)
  if (target.plain) throw refusePlain(target, purpose)
}

const refuse = (message: string, setting?: string, cause?: Error): ParleyError =>
  new ParleyError('invalid_params', message, {
    ...(cause === undefined ? {} : { cause }),
    ...(setting === undefined ? {} : { details: { setting } }),
  })

function refuseMetadata(target: Target, address?: string): ParleyError {
  const cause = address === undefined ? undefined : foundAt(target, address)
  return refuse(`${nameOf(target)} is a metadata service, which is never called`, undefined, cause)
}

function refusePort(target: Target, purpose: Purpose, rules: AddressRules): ParleyError {
  const problem = `${nameOf(target)} may not be called on port ${target.port}, which is that of another protocol`
  if (rules.loopbackOnly) return refuse(problem)
  const setting = ALLOW_SETTINGS[purpose]
  return refuse(`${problem}: an entry of ${setting} that names the port can allow it`, setting)
}

function refusePlain(target: Target, purpose: Purpose): ParleyError {
  const setting = ALLOW_SETTINGS[purpose]
  return refuse(
    `${nameOf(target)} may not be called over plain http: use https, or allow the host with ${setting}`,
    setting,
  )
}

function refuseAddress(target: Target, address: string, purpose: Purpose, rules: AddressRules): ParleyError {
  const cause = foundAt(target, address)
  if (rules.loopbackOnly) {
    return refuse(
      `${nameOf(target)} is not on this machine, and demo mode calls nothing else: turn it off with PARLEY_DEMO=0`,
      'PARLEY_DEMO',
      cause,
    )
  }
  const setting = ALLOW_SETTINGS[purpose]
  return refuse(`${nameOf(target)} is not at a public address: ${setting} can allow it`, setting, cause)
}

const foundAt = ({ host }: Target, address: string): Error => new Error(`${host} is at ${address}`)
