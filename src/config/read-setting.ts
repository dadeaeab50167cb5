import { readFileSync } from 'node:fs'
import { ParleyError } from '../errors.ts'
import type { Setting } from './env.ts'

/** What is in the file that a setting names. Throws `invalid_params`, naming the setting. */
export function readSetting(setting: Setting, path: string): Buffer {
  try {
    return readFileSync(path)
  } catch (cause) {
    throw new ParleyError('invalid_params', `PARLEY_${setting} cannot be read: ${path}`, { cause })
  }
}
