import { randomBytes } from 'node:crypto'
import { chmodSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { dirname } from 'node:path'
import { newSecret } from '../access/key-secret.ts'
import { ParleyError } from '../errors.ts'

export type SecretFile = { readonly secret: string; readonly isNew: boolean }

/** The secret in a file, made if the file does not exist. Of processes that start at once, one makes it. */
export function secretFile(path: string, make = () => newSecret(randomBytes)): SecretFile {
  mkdirSync(dirname(path), { recursive: true, mode: 0o700 })
  try {
    const secret = make()
    writeFileSync(path, `${secret}\n`, { mode: 0o600, flag: 'wx' })
    return { secret, isNew: true }
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error
    chmodSync(path, 0o600)
    return { secret: readSecret(path), isNew: false }
  }
}

/** Throws when the file cannot be read, and `invalid_params` when nothing is in it. */
export function readSecret(path: string): string {
  const secret = readFileSync(path, 'utf8').trim()
  if (secret === '') throw new ParleyError('invalid_params', `The key file ${path} is empty`)
  return secret
}
