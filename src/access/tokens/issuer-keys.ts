import type { CryptoKey, JWK } from 'jose'
import { importJWK } from 'jose/key/import'
import type { Events } from '../../telemetry/events.ts'
import { type Algorithm, verifies } from '../public-keys.ts'
import { discoverKeys } from './discover-keys.ts'
import type { IdentitySource } from './identity-source.ts'
import type { Issuer } from './issuer.ts'

/**
 * The keys of one issuer.
 *
 * They are fetched when they are first needed and again, in the background, when they are used and no longer fresh. A key
 * that is not among them may be a new one, so it is looked for at once; each look that finds nothing makes the next one wait
 * twice as long, so that a flood of made-up names costs the issuer little. While the issuer cannot be reached its keys stay
 * good for `maxStaleS`. There is one fetch at a time, shared by everybody who waits.
 */
export interface IssuerKeys {
  /** Keys that may have made such a signature; `undefined` when there are no keys that may be used. */
  find(claim: KeyClaim): Promise<readonly CryptoKey[] | undefined>
  /** Fetches the keys, so that a misconfigured issuer shows before its first token. Never rejects. */
  warm(): Promise<void>
}

export type KeyClaim = { readonly keyId: string; readonly algorithm: Algorithm }

export type IssuerKeysDeps = {
  readonly source: IdentitySource
  readonly events: Events
  readonly now: () => number
  /** Ends what is being fetched. */
  readonly stopping: AbortSignal
}

/** Older keys are fetched again in the background. */
export const FRESH_MS = 5 * 60_000
/** Keys this old are not used before fetching them was tried: one that was withdrawn has had its time. */
export const OLD_MS = 15 * 60_000
/** After a fetch, the next look for an unknown key, or the next try after a failure, waits so long at first, and at most. */
export const MIN_WAIT_MS = 1000
export const MAX_WAIT_MS = 30_000

/** A clash of names is no reason to try a hundred keys. */
const MAX_KEYS_TRIED = 4

type Known = { readonly keys: readonly KnownKey[]; readonly ids: string; readonly fetchedAt: number }

/** A key made ready once for each algorithm that it is asked for. */
type KnownKey = { readonly jwk: JWK; readonly ready: Map<Algorithm, Promise<CryptoKey | undefined>> }

export function createIssuerKeys(issuer: Issuer, deps: IssuerKeysDeps): IssuerKeys {
  const { source, events, now, stopping } = deps
  let known: Known | undefined
  let fetching: Promise<void> | undefined
  let triedAt = Number.NEGATIVE_INFINITY
  let waitMs = MIN_WAIT_MS
  let isReached = true

  const fetchKeys = async (): Promise<void> => {
    triedAt = now()
    try {
      const keys = await discoverKeys(issuer, source, stopping)
      const ids = keys.map(({ kid }) => kid).join(' ')
      if (ids !== known?.ids || !isReached) {
        events.issuerKeysFetched({ issuer: issuer.alias, keys: keys.length })
        waitMs = MIN_WAIT_MS
      }
      known = { keys: keys.map((jwk) => ({ jwk, ready: new Map() })), ids, fetchedAt: now() }
      isReached = true
    } catch (cause) {
      waitMs = isReached ? MIN_WAIT_MS : longer(waitMs)
      isReached = false
      if (!stopping.aborted) {
        events.issuerUnreachable({ issuer: issuer.alias, usable: usable() !== undefined, cause })
      }
    }
  }

  const refresh = (): Promise<void> => {
    fetching ??= fetchKeys().finally(() => {
      fetching = undefined
    })
    return fetching
  }

  const usable = (): Known | undefined =>
    known !== undefined && age(known.fetchedAt) < Math.max(FRESH_MS, issuer.maxStaleS * 1000)
      ? known
      : undefined

  /** A clock that was set back must not make anything live longer. */
  const age = (at: number): number => Math.abs(now() - at)

  const mayTry = (): boolean => fetching !== undefined || age(triedAt) >= waitMs

  const matching = async ({ keyId, algorithm }: KeyClaim): Promise<readonly CryptoKey[]> => {
    const keys =
      usable()?.keys.filter(({ jwk }) => jwk.kid === keyId && verifies(jwk, algorithm, now())) ?? []
    const ready = await Promise.all(keys.slice(0, MAX_KEYS_TRIED).map((key) => readyFor(algorithm, key)))
    return ready.filter((key) => key !== undefined)
  }

  const lookFor = async (claim: KeyClaim): Promise<readonly CryptoKey[]> => {
    if (!mayTry()) return []
    const wasReached = isReached
    await refresh()
    const found = await matching(claim)
    if (wasReached && isReached) waitMs = found.length > 0 ? MIN_WAIT_MS : longer(waitMs)
    return found
  }

  return {
    async find(claim) {
      if (usable() === undefined && mayTry()) await refresh()
      const current = usable()
      if (current === undefined) return undefined
      if (age(current.fetchedAt) >= FRESH_MS && mayTry()) {
        const refreshed = refresh()
        // An issuer that did not answer last time makes nobody wait again.
        if (age(current.fetchedAt) >= OLD_MS && isReached) await refreshed
      }
      const found = await matching(claim)
      return found.length > 0 ? found : lookFor(claim)
    },
    warm: refresh,
  }
}

function readyFor(algorithm: Algorithm, { jwk, ready }: KnownKey): Promise<CryptoKey | undefined> {
  const made = ready.get(algorithm)
  if (made !== undefined) return made
  const making = importJWK(jwk, algorithm).then(
    (key) => (key instanceof Uint8Array ? undefined : key),
    // A key that is none verifies nothing.
    () => undefined,
  )
  ready.set(algorithm, making)
  return making
}

const longer = (waitMs: number): number => Math.min(2 * waitMs, MAX_WAIT_MS)
