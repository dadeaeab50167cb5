import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'

/** The ways in which a secret could stand somewhere: as it is, encoded, or inside of something that is. */
export function formsOf(secret: string): ReadonlyMap<string, string> {
  const bytes = Buffer.from(secret)
  const forms = new Map([
    ['plain', secret],
    ['in a URL', encodeURIComponent(secret)],
    ['in a form', new URLSearchParams({ '': secret }).toString().slice(1)],
    ['in JSON', JSON.stringify(secret).slice(1, -1)],
    ['in hex', bytes.toString('hex')],
    ['in HEX', bytes.toString('hex').toUpperCase()],
  ])
  for (const offset of [0, 1, 2] as const) {
    forms.set(`in base64, ${offset}`, coreOf(bytes, offset, 'base64'))
    forms.set(`in base64url, ${offset}`, coreOf(bytes, offset, 'base64url'))
    forms.set(
      `in a URL in base64, ${offset}`,
      coreOf(Buffer.from(encodeURIComponent(secret)), offset, 'base64'),
    )
  }
  return forms
}

/** What is the same of the encoded text whatever stands before and after it, `offset` bytes into a group of three. */
function coreOf(bytes: Buffer, offset: 0 | 1 | 2, encoding: 'base64' | 'base64url'): string {
  const text = Buffer.concat([Buffer.alloc(offset), bytes])
    .toString(encoding)
    .replace(/=+$/, '')
  const whole = Math.floor(((offset + bytes.length) * 8) / 6)
  return text.slice(Math.ceil((offset * 8) / 6), whole)
}

/** Somewhere that secrets could end up: a log, an answer, a file. */
export type Place = { readonly name: string; readonly text: string }

/** Where secrets were found, without saying what they are. */
export function findSecrets(
  secrets: ReadonlyMap<string, string>,
  places: readonly Place[],
  mayBe: (secret: string, place: string) => boolean,
): readonly string[] {
  const found: string[] = []
  for (const [name, secret] of secrets) {
    for (const [how, form] of formsOf(secret)) {
      for (const place of places) {
        if (!mayBe(name, place.name) && place.text.includes(form)) {
          found.push(`${name}, ${how}: ${place.name}: ${around(place.text, form)}`)
        }
      }
    }
  }
  return found
}

function around(text: string, form: string): string {
  const at = text.indexOf(form)
  return JSON.stringify(
    `${text.slice(Math.max(0, at - 80), at)}<secret>${text.slice(at + form.length, at + form.length + 40)}`,
  )
}

/** Every file below a folder, as bytes. */
export async function filesOf(folder: string): Promise<readonly Place[]> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true })
  return Promise.all(
    entries
      .filter((entry) => entry.isFile())
      .map(async (entry) => ({
        name: `file ${entry.name}`,
        text: (await readFile(join(entry.parentPath, entry.name))).toString('latin1'),
      })),
  )
}
