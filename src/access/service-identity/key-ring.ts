/**
 * A signing key is published, then current, then retired, then forgotten. Which of these it is follows from the ring and the
 * time, so nothing has to be written when it changes, and processes that hold the same ring agree without asking each other.
 */
import type { KeyRing, SigningKey, SigningUse } from './signing-key-store.ts'

const MINUTE_MS = 60_000
const DAY_MS = 24 * 60 * MINUTE_MS

/**
 * A key is published this long before it signs: longer than key sets are cached, by us between processes (a minute), by
 * whoever heeds our `Cache-Control` (five minutes), and by common libraries (ten).
 */
export const PUBLISHED_AHEAD_MS = 15 * MINUTE_MS

/**
 * A key stays published this long after it last signed. Tokens end after a minute, webhooks are judged when they arrive;
 * cards have no end, so this is how long a copy of one can still be verified.
 */
const PUBLISHED_AFTER_MS: Readonly<Record<SigningUse, number>> = {
  service: 60 * MINUTE_MS,
  webhook: DAY_MS,
  card: 90 * DAY_MS,
}

/** A ring with one key, in place of any other of that version. */
export const firstRing = (use: SigningUse, key: SigningKey, replaced = 0): KeyRing => ({
  use,
  version: replaced + 1,
  keys: [key],
})

/** The key that signs now. Before the time of the first key, by a clock that is behind, that one. */
export const currentKey = ({ keys }: KeyRing, now: number): SigningKey =>
  keys.findLast(({ signsFrom }) => signsFrom <= now) ?? keys[0]

/** The keys that verifiers need now: the one that signs, those that will, and those whose signatures may still be about. */
export const publishedKeys = ({ use, keys }: KeyRing, now: number): readonly SigningKey[] =>
  keys.filter((_, index) => {
    const next = keys[index + 1]
    return next === undefined || now < next.signsFrom + PUBLISHED_AFTER_MS[use]
  })

/** The key that signs last of all. */
export const newestKey = ({ keys }: KeyRing): SigningKey => keys.at(-1) ?? keys[0]

/** Whether the newest key has signed for so long that another should follow. */
export const isDue = (ring: KeyRing, rotationMs: number, now: number): boolean =>
  newestKey(ring).signsFrom + rotationMs <= now

/** The ring with a key that signs from later on than the others; those that nobody needs any more are gone. */
export const withNextKey = (ring: KeyRing, key: SigningKey, now: number): KeyRing => {
  const [first, ...others] = [...publishedKeys(ring, now), key]
  return { ...ring, version: ring.version + 1, keys: [first ?? key, ...others] }
}
