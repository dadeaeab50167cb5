import { createPublicKey } from 'node:crypto'
import { openPrivateKey } from '../../src/access/service-identity/private-keys.ts'
import { SIGNING_USES, type SigningUse } from '../../src/access/service-identity/signing-key-store.ts'
import type { SigningKey } from '../../src/access/tokens/forge.case.ts'
import { createVault } from '../../src/access/vault.ts'
import { toConfig } from '../../src/config/config.ts'
import { masterKeysOf } from '../../src/config/master-keys.ts'
import { openSqlite } from '../../src/storage/sqlite/open-sqlite.ts'

export type OwnKeys = Readonly<Record<SigningUse, readonly SigningKey[]>>

/** Every key with which a gateway has signed or will, by what it signs, as whoever has its data folder can read them. */
export async function ownKeysOf(dataDir: string): Promise<OwnKeys> {
  const config = toConfig({ DATA_DIR: dataDir }, { cwd: '/', isProduction: false })
  const vault = createVault({ keys: masterKeysOf({}, config), randomBytes: () => Buffer.alloc(0) })
  await using backend = await openSqlite({ path: `${dataDir}/parley.db`, now: Date.now, shared: true })
  const keysOf = async (use: SigningUse): Promise<readonly SigningKey[]> => {
    const ring = await backend.signingKeys.find(use)
    return Promise.all(
      (ring?.keys ?? []).map(async (key) => {
        const privateKey = await openPrivateKey(vault, use, key)
        return {
          kid: key.id,
          alg: 'ES256' as const,
          privateKey,
          publicKey: createPublicKey(privateKey),
          jwk: { ...key.publicKey, kid: key.id },
        }
      }),
    )
  }
  const [service = [], webhook = [], card = []] = await Promise.all(SIGNING_USES.map(keysOf))
  return { service, webhook, card }
}
