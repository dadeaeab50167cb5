import { silentEvents } from '../../telemetry/events.ts'
import { newKey, type SigningKey } from './forge.case.ts'
import type { IdentitySource } from './identity-source.ts'
import { parseIssuers } from './parse-issuers.ts'
import { type Forge, issuersOf } from './refused-tokens.case.ts'
import { createTokens, type Tokens } from './tokens.ts'

/** What was told of, in order: the event's name and its facts. */
export type Told = readonly [event: string, facts: object]

/** A source of keys that a test can turn off and count. */
export type ScriptedSource = IdentitySource & {
  /** What is served, by URL; anything else is not found. */
  readonly served: Map<string, string>
  readonly asked: string[]
  isDown: boolean
}

function scriptedSource(): ScriptedSource {
  const served = new Map<string, string>()
  const asked: string[] = []
  const answer = async (source: ScriptedSource, url: string): Promise<string | undefined> => {
    asked.push(url)
    if (source.isDown) throw new Error('connection refused')
    return served.get(url)
  }
  return {
    served,
    asked,
    isDown: false,
    fetchMetadata(url) {
      return answer(this, url)
    },
    async fetchKeys(url) {
      const text = await answer(this, url)
      if (text === undefined) throw new Error('HTTP 404')
      return text
    },
  }
}

export const keySet = (...keys: readonly SigningKey[]): string =>
  JSON.stringify({ keys: keys.map(({ jwk }) => jwk) })

const NOW_S = 1_800_000_000

const forge: Forge = {
  issuer: 'https://id.example/corp',
  other: 'https://id.example/other',
  gateway: 'https://gw.example',
  nowS: NOW_S,
  ec: newKey('ec'),
  rsa: newKey('rsa', 'RS256', { alg: 'RS256' }),
  encryption: newKey('enc', 'RS256', { use: 'enc' }),
  othersKey: newKey('others'),
  stranger: newKey('stranger'),
  ours: { service: newKey('our-service'), webhook: newKey('our-webhook'), card: newKey('our-card') },
}

export type TokensWorld = {
  readonly tokens: Tokens
  readonly forge: Forge
  readonly source: ScriptedSource
  readonly told: Told[]
  readonly clock: { now: number }
}

/** Tokens of two issuers, whose settings may be changed; the corpus is made for them as they are. */
export function openTokens(changes: object = {}): TokensWorld {
  const clock = { now: NOW_S * 1000 }
  const told: Told[] = []
  const source = scriptedSource()
  source.served.set(`${forge.issuer}/jwks`, keySet(forge.ec, forge.rsa, forge.encryption))
  source.served.set(`${forge.other}/jwks`, keySet(forge.othersKey))
  const [corp, other] = issuersOf(forge)
  const tokens = createTokens({
    issuers: parseIssuers(JSON.stringify([{ ...corp, ...changes }, other]), { name: 'ISSUERS' }),
    source,
    events: {
      ...silentEvents,
      tokenRefused: (facts) => told.push(['tokenRefused', facts]),
      issuerKeysFetched: (facts) => told.push(['issuerKeysFetched', facts]),
      issuerUnreachable: ({ cause: _, ...facts }) => told.push(['issuerUnreachable', facts]),
    },
    now: () => clock.now,
    stopping: new AbortController().signal,
  })
  return { tokens, forge, source, told, clock }
}
