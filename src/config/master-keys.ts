import { randomBytes } from 'node:crypto'
import { join } from 'node:path'
import { MASTER_KEY_BYTES, type MasterKey, masterKey } from '../access/vault.ts'
import { ParleyError } from '../errors.ts'
import type { Config } from './config.ts'
import type { Env } from './env.ts'
import { readSecret, secretFile } from './secret-file.ts'

/** The first seals, all of them open. */
export type MasterKeys = readonly [MasterKey, ...MasterKey[]]

/** From the setting, from the file that a setting names, or from one in `dataDir` that is made when it is missing. */
export const masterKeysOf = (env: Env, config: Config): MasterKeys =>
  read(env, config, (path) => secretFile(path, () => randomBytes(MASTER_KEY_BYTES).toString('base64')).secret)

/**
 * The same once they were there, as they are now. Never makes one: a file that is gone while its keys are in use must not be
 * followed by one that opens nothing.
 */
export const masterKeysNow = (env: Env, config: Config): MasterKeys => read(env, config, readSecret)

function read(
  { MASTER_KEY, MASTER_KEY_FILE }: Env,
  { dataDir }: Config,
  readGenerated: (path: string) => string,
): MasterKeys {
  if (MASTER_KEY !== undefined && MASTER_KEY_FILE !== undefined) {
    throw new ParleyError('invalid_params', 'PARLEY_MASTER_KEY and PARLEY_MASTER_KEY_FILE cannot both be set')
  }
  if (MASTER_KEY !== undefined) return masterKeysIn(MASTER_KEY, 'PARLEY_MASTER_KEY')
  if (MASTER_KEY_FILE !== undefined) {
    return masterKeysIn(readFrom(MASTER_KEY_FILE), `The file of PARLEY_MASTER_KEY_FILE, ${MASTER_KEY_FILE},`)
  }
  const path = generatedMasterKeyPath({ dataDir })
  return masterKeysIn(readGenerated(path), `The key file ${path}`)
}

/** Where the key is that nobody gave. */
export const generatedMasterKeyPath = ({ dataDir }: Pick<Config, 'dataDir'>): string =>
  join(dataDir, 'master.key')

function readFrom(path: string): string {
  try {
    return readSecret(path)
  } catch (cause) {
    throw new ParleyError('invalid_params', `PARLEY_MASTER_KEY_FILE cannot be read: ${path}`, { cause })
  }
}

/** Keys in base64 or base64url, between commas, spaces or line ends. */
function masterKeysIn(text: string, name: string): MasterKeys {
  const [first, ...older] = text.split(/[\s,]+/).filter((entry) => entry !== '')
  const read = (entry: string): MasterKey => {
    const bytes = Buffer.from(entry, 'base64')
    const isBase64 = /^[\w+/-]{43}=?$/.test(entry)
    if (isBase64 && bytes.length === MASTER_KEY_BYTES) return masterKey(bytes)
    throw new ParleyError(
      'invalid_params',
      `${name} must hold keys of ${MASTER_KEY_BYTES} random bytes in base64, as "openssl rand -base64 32" makes them`,
    )
  }
  return [read(first ?? ''), ...older.map(read)]
}
