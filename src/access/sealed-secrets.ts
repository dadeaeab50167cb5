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
