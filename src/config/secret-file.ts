import { randomBytes } from 'node:crypto'
import { chmodSync, existsSync, linkSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { dirname } from 'node:path'
import { newSecret } from '../access/key-secret.ts'
import { ParleyError } from '../errors.ts'

export type SecretFile = { readonly secret: string; readonly isNew: boolean }

/**
 * The secret in a file, made if the file does not exist. Of processes that start at once, one makes it, and the others see it
 * whole; one that is killed, or loses its power, leaves all of it or nothing.
 */
export function secretFile(path: string, make = () => newSecret(randomBytes)): SecretFile {
  mkdirSync(dirname(path), { recursive: true, mode: 0o700 })
  if (existsSync(path)) return kept(path)
  const draft = `${path}.${randomBytes(8).toString('hex')}`
  try {
    const secret = make()
    writeFileSync(draft, `${secret}\n`, { mode: 0o600, flag: 'wx', flush: true })
    linkSync(draft, path)
    return { secret, isNew: true }
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error
    return kept(path)
  } finally {
    rmSync(draft, { force: true })
  }
}

function kept(path: string): SecretFile {
  chmodSync(path, 0o600)
  return { secret: readSecret(path), isNew: false }
}

/** Throws when the file cannot be read, and `invalid_params` when nothing is in it. */
export function readSecret(path: string): string {
  const secret = readFileSync(path, 'utf8').trim()
  if (secret === '') throw new ParleyError('invalid_params', `The key file ${path} is empty`)
  return secret
}
