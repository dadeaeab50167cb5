import { ParleyError } from '../errors.ts'
import type { Vault } from './vault.ts'

/** One kind of stored secrets, as whoever replaces the master key sees it. */
export interface SealedSecrets {
  /** In the plural, for messages: `credentials for agents`. */
  readonly kind: string
  /** The ids of the master keys that what is stored was sealed with, each once. */
  masterKeyIds(): Promise<readonly string[]>
  /**
   * Seals anew, with the first master key, whatever another one sealed, and says how many secrets that were. Each is written
   * on its own and only if nobody changed it meanwhile, so it may be interrupted, repeated, and run beside others.
   */
  resealAll(): Promise<number>
}

/** Secrets of one kind that are kept one by one. */
export type SealedSource<T> = {
  readonly kind: string
  /** Some that are stored: the first, or those after the last one of the page before; none at the end. */
  readonly page: (last: T | undefined) => Promise<readonly T[]>
  /** The same, sealed anew, is stored; false where it was changed meanwhile, or is gone. */
  readonly reseal: (secret: T) => Promise<boolean>
}

export function sealedSecrets<T extends { readonly sealed: string }>(
  vault: Vault,
  { kind, page, reseal }: SealedSource<T>,
): SealedSecrets {
  async function* all(): AsyncGenerator<T> {
    for (let some = await page(undefined); some.length > 0; some = await page(some.at(-1))) yield* some
  }
  return {
    kind,
    async masterKeyIds() {
      const ids = new Set<string>()
      for await (const { sealed } of all()) ids.add(vault.keyIdOf(sealed))
      return [...ids]
    },
    async resealAll() {
      let count = 0
      for await (const secret of all()) {
        if (vault.keyIdOf(secret.sealed) !== vault.keyId && (await reseal(secret))) count++
      }
      return count
    },
  }
}

/** Throws `invalid_params`, naming what cannot be opened and the master keys it takes, unless everything can. */
export async function assertOpenable(vault: Vault, all: readonly SealedSecrets[]): Promise<void> {
  for (const secrets of all) {
    const missing = (await secrets.masterKeyIds()).filter((id) => !vault.holds(id))
    if (missing.length === 0) continue
    throw new ParleyError(
      'invalid_params',
      `The stored ${secrets.kind} cannot be opened: they take the master key ${missing.join(' and ')}, which is not among those of ` +
        'PARLEY_MASTER_KEY, PARLEY_MASTER_KEY_FILE or master.key in the data folder. Give it too, after the one that encrypts',
    )
  }
}
