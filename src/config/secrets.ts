import { join } from 'node:path'
import type { CertificateRule } from '../access/certificates.ts'
import type { Issuer } from '../access/tokens/issuer.ts'
import { parseIssuers } from '../access/tokens/parse-issuers.ts'
import { ParleyError } from '../errors.ts'
import { type CardSigningKey, cardSigningKeyOf } from './card-signing-key.ts'
import type { Config } from './config.ts'
import type { Env, ProxyVariables } from './env.ts'
import { type MailServer, mailServerOf } from './mail-server.ts'
import { type MasterKeys, masterKeysNow, masterKeysOf } from './master-keys.ts'
import { type Outbound, toOutbound } from './outbound.ts'
import { readSetting } from './read-setting.ts'
import { readSecret, type SecretFile, secretFile } from './secret-file.ts'
import { readCertificateRules, readTls, type TlsFiles } from './tls-files.ts'

/** What must never be printed. Kept apart from `Config`, which may be. */
export type Secrets = {
  readonly adminKey: string
  /** The admin key was generated just now, and nobody has seen it yet. */
  readonly isAdminKeyNew: boolean
  /**
   * What stored secrets are sealed with; the same in every process of an installation. Read anew each time, as a file
   * of keys may get another while we run.
   */
  readonly masterKeys: () => MasterKeys
  /** Signs page cursors; the same in every process of an installation. */
  readonly cursorKey: Uint8Array
  /** Left by an installation that kept it in a file. */
  readonly cardSigningKey?: CardSigningKey
  /** The JWK set of the keys that publishers of cards are trusted by. */
  readonly cardKeys?: string
  /** The identity providers whose tokens are taken. */
  readonly issuers: readonly Issuer[]
  /**
   * What the listeners prove themselves with and whom they believe, read anew with every call. Each throws
   * `invalid_params`.
   */
  readonly tls?: {
    readonly material: () => ReturnType<typeof readTls>
    readonly certificateRules: () => readonly CertificateRule[]
  }
  readonly outbound: Outbound
  /** Without one no mail is sent. */
  readonly mailServer?: MailServer
}

/** Reads the installation's secrets, making what is missing in `dataDir` with mode 0600. */
export function toSecrets(env: Env, config: Config, variables: ProxyVariables = {}): Secrets {
  const { tls } = config
  const issuers = issuersOf(env, config)
  const outbound = toOutbound(env, variables)
  const mailServer = mailServerOf(env)
  const cursor = secretFile(join(config.dataDir, 'cursor.key'))
  const admin = adminKeyOf(env, config)
  masterKeysOf(env, config)
  const cardSigningKey = cardSigningKeyOf(config)
  return {
    adminKey: admin.secret,
    isAdminKeyNew: admin.isNew,
    masterKeys: () => masterKeysNow(env, config),
    cursorKey: Buffer.from(cursor.secret),
    ...(cardSigningKey === undefined ? {} : { cardSigningKey }),
    issuers,
    ...(config.cardKeysFile === undefined
      ? {}
      : { cardKeys: readSetting('CARD_KEYS_FILE', config.cardKeysFile).toString() }),
    ...(tls === undefined ? {} : { tls: tlsOf(tls, issuers) }),
    outbound,
    ...(mailServer === undefined ? {} : { mailServer }),
  }
}

function tlsOf(files: TlsFiles, issuers: readonly Issuer[]): NonNullable<Secrets['tls']> {
  const aliases = issuers.map(({ alias }) => alias)
  readTls(files)
  return {
    material: () => readTls(files),
    certificateRules: () => readCertificateRules(files, aliases),
  }
}

function issuersOf({ ISSUERS, ISSUERS_FILE }: Env, { publicUrl }: Config): readonly Issuer[] {
  if (ISSUERS !== undefined && ISSUERS_FILE !== undefined) {
    throw new ParleyError('invalid_params', 'PARLEY_ISSUERS and PARLEY_ISSUERS_FILE cannot both be set')
  }
  const ours = publicUrl === undefined ? {} : { ours: publicUrl }
  if (ISSUERS !== undefined) return parseIssuers(ISSUERS, { name: 'PARLEY_ISSUERS', ...ours })
  if (ISSUERS_FILE === undefined) return []
  const text = readSetting('ISSUERS_FILE', ISSUERS_FILE).toString()
  return parseIssuers(text, { name: 'PARLEY_ISSUERS_FILE', ...ours })
}

function adminKeyOf(env: Env, config: Config): SecretFile {
  if (env.ADMIN_KEY !== undefined) return { secret: env.ADMIN_KEY, isNew: false }
  if (env.ADMIN_KEY_FILE === undefined) return secretFile(join(config.dataDir, 'admin.key'))
  try {
    return { secret: readSecret(env.ADMIN_KEY_FILE), isNew: false }
  } catch (cause) {
    throw new ParleyError('invalid_params', `PARLEY_ADMIN_KEY_FILE cannot be read: ${env.ADMIN_KEY_FILE}`, {
      cause,
    })
  }
}
