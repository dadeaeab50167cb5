import { randomBytes } from 'node:crypto'
import {
  closeSync,
  fsyncSync,
  openSync,
  readFileSync,
  realpathSync,
  renameSync,
  rmSync,
  writeSync,
} from 'node:fs'
import { dirname } from 'node:path'
import { MASTER_KEY_BYTES } from '../access/vault.ts'
import { ParleyError } from '../errors.ts'
import type { Config } from './config.ts'
import type { Env } from './env.ts'
import { generatedMasterKeyPath } from './master-keys.ts'

/**
 * Puts a fresh key before those in the generated file, which stays whole whatever happens. False, and nothing is done, where
 * the keys come from settings. Throws `invalid_params` while somebody else is at it.
 */
export function addMasterKey(env: Env, config: Config): boolean {
  if (env.MASTER_KEY !== undefined || env.MASTER_KEY_FILE !== undefined) return false
  // A link stays one: what it leads to is replaced where it lies.
  const path = realpathSync(generatedMasterKeyPath(config))
  const next = `${path}.next`
  // Whoever makes this file is the only one who may replace the other, so no key is ever lost.
  const file = openNew(next)
  try {
    const keys = `${randomBytes(MASTER_KEY_BYTES).toString('base64')}\n${readFileSync(path, 'utf8')}`
    writeSync(file, keys)
    fsyncSync(file)
  } catch (error) {
    rmSync(next, { force: true })
    throw error
  } finally {
    closeSync(file)
  }
  renameSync(next, path)
  sync(dirname(path))
  return true
}

/** What is sealed with the new key must not outlive a loss of power that the key does not. */
function sync(folder: string): void {
  const opened = openSync(folder, 'r')
  try {
    fsyncSync(opened)
  } finally {
    closeSync(opened)
  }
}

function openNew(path: string): number {
  try {
    return openSync(path, 'wx', 0o600)
  } catch (cause) {
    throw new ParleyError(
      'invalid_params',
      `The master key is being replaced by another process; if none is, remove ${path}, which nobody uses`,
      { cause },
    )
  }
}
