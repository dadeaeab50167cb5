import type { JsonWebKey } from 'node:crypto'
import { existsSync, rmSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { ParleyError } from '../errors.ts'
import type { Config } from './config.ts'
import { readSecret } from './secret-file.ts'

/** The key that signed cards when it was still kept in a file of its own, and since when, in milliseconds since the Unix epoch. */
export type CardSigningKey = { readonly privateKey: JsonWebKey; readonly since: number }

const pathIn = ({ dataDir }: Config): string => join(dataDir, 'card-signing.key')

/** Nothing where there is no such file (any more). */
export function cardSigningKeyOf(config: Config): CardSigningKey | undefined {
  const path = pathIn(config)
  if (!existsSync(path)) return undefined
  try {
    return { privateKey: JSON.parse(readSecret(path)), since: Math.floor(statSync(path).mtimeMs) }
  } catch (cause) {
    throw new ParleyError('invalid_params', `The key file ${path} holds no key`, { cause })
  }
}

/** Once the key is stored with the others, the file would only be a copy that anybody could read. */
export const removeCardSigningKey = (config: Config): void => rmSync(pathIn(config), { force: true })
