import { randomBytes } from 'node:crypto'
import { type AuditCaller, itself } from '../access/audit/audit-record.ts'
import { sealedCredentials } from '../access/credentials/sealed-credentials.ts'
import { DEFAULT_TENANT } from '../access/principal.ts'
import { assertOpenable, type SealedSecrets } from '../access/sealed-secrets.ts'
import { sealedSigningKeys } from '../access/service-identity/sealed-signing-keys.ts'
import { createSigningKeys, type SigningKeys } from '../access/service-identity/signing-keys.ts'
import { createVault, type Vault } from '../access/vault.ts'
import { sealedChannels } from '../alerts/sealed-channels.ts'
import { removeCardSigningKey } from '../config/card-signing-key.ts'
import type { Config } from '../config/config.ts'
import type { Secrets } from '../config/secrets.ts'
import type { Backend } from '../storage/backend.ts'
import type { Events } from '../telemetry/events.ts'

export type IdentityDeps = {
  readonly config: Config
  readonly secrets: Secrets
  readonly backend: Backend
  readonly events: Events
  readonly now: () => number
  /** Who changes keys here. Default: Parley by itself. */
  readonly by?: AuditCaller
}

/** What Parley proves itself with, and keeps others' secrets in. */
export type Identity = {
  readonly vault: Vault
  readonly signingKeys: SigningKeys
  /** Everything that is stored sealed. */
  readonly sealed: readonly SealedSecrets[]
}

/** Rejects with `invalid_params` when something is stored that the given master keys do not open. */
export async function openIdentity({
  config,
  secrets,
  backend,
  events,
  now,
  by = itself(DEFAULT_TENANT),
}: IdentityDeps): Promise<Identity> {
  const { masterKeys, cardSigningKey } = secrets
  const vault = createVault({ keys: masterKeys(), randomBytes, reread: masterKeys })
  const sealed = [
    sealedSigningKeys(backend.signingKeys, vault),
    sealedCredentials(backend.credentials, vault),
    sealedChannels(backend.channels, vault),
  ]
  await assertOpenable(vault, sealed)
  const rotationMs = config.keyRotationMs
  const signingKeys = createSigningKeys({ store: backend.signingKeys, vault, now, rotationMs, events, by })
  if (cardSigningKey !== undefined) {
    const { privateKey, since } = cardSigningKey
    const isStored = await signingKeys.adopt('card', privateKey, since)
    if (isStored && backend.capabilities.survivesRestart) removeCardSigningKey(config)
  }
  return { vault, signingKeys, sealed }
}
