import { auditOf, operator } from '../access/audit/audit-record.ts'
import { DEFAULT_TENANT } from '../access/principal.ts'
import type { SealedSecrets } from '../access/sealed-secrets.ts'
import type { SigningKey, SigningUse } from '../access/service-identity/signing-key-store.ts'
import type { Config } from '../config/config.ts'
import type { Secrets } from '../config/secrets.ts'
import { ParleyError } from '../errors.ts'
import type { Backend } from '../storage/backend.ts'
import { silentEvents } from '../telemetry/events.ts'
import { openBackend } from './open-backend.ts'
import { type Identity, openIdentity } from './open-identity.ts'

const now = (): number => Date.now()

const BY = operator(DEFAULT_TENANT)

/** Another key for each of these uses, in the order given; gateways that run on the same store take them up. */
export const rotateSigningKeys = (
  config: Config,
  secrets: Secrets,
  uses: readonly SigningUse[],
  isCompromised: boolean,
): Promise<readonly SigningKey[]> =>
  withIdentity(config, secrets, async ({ signingKeys }) => {
    const keys: SigningKey[] = []
    for (const use of uses) keys.push(await signingKeys.rotate(use, isCompromised))
    return keys
  })

/** How many of one kind of secrets were sealed anew. */
export type Resealed = { readonly kind: string; readonly count: number }

/**
 * Seals with the first master key whatever an older one sealed. Where nothing is left to do, `renew` is asked for another
 * first key, and says whether there is one now. May be interrupted and repeated, beside gateways that run.
 */
export const rotateMasterKey = (
  config: Config,
  secrets: Secrets,
  renew: () => boolean,
): Promise<readonly Resealed[]> =>
  withIdentity(config, secrets, async ({ vault, sealed }, backend) => {
    const inUse = (await Promise.all(sealed.map((secrets) => secrets.masterKeyIds()))).flat()
    if (inUse.every((id) => id === vault.keyId) && renew()) vault.renew()
    const target = { kind: 'master_key', id: vault.keyId } as const
    await backend.audit.append([auditOf(BY, 'master_key.rotate', target, now())])
    const done: Resealed[] = []
    for (const secrets of sealed) done.push({ kind: secrets.kind, count: await resealedBy(secrets) })
    return done
  })

/** Passes until one finds nothing: a gateway may have stored meanwhile what it had sealed before it knew the new key. */
async function resealedBy(secrets: SealedSecrets): Promise<number> {
  let count = 0
  for (let last = -1; last !== 0; count += last) last = await secrets.resealAll()
  return count
}

async function withIdentity<T>(
  config: Config,
  secrets: Secrets,
  work: (identity: Identity, backend: Backend) => Promise<T>,
): Promise<T> {
  if (config.backend.kind === 'memory') {
    throw new ParleyError(
      'invalid_params',
      'The memory backend keeps no keys: PARLEY_BACKEND must be another',
    )
  }
  await using backend = await openBackend(config, { now, shared: true })
  return await work(
    await openIdentity({ config, secrets, backend, events: silentEvents, now, by: BY }),
    backend,
  )
}
