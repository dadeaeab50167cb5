/** One random change of a JSON value or of bytes; the same random numbers make the same changes. */
export type Random = () => number

const HOSTILE: readonly unknown[] = [
  null,
  true,
  false,
  0,
  -1,
  1.5,
  1e300,
  2 ** 53,
  '',
  ' ',
  '\u0000',
  '\ud800',
  '../../etc',
  'tasks/',
  'tasks/a/pushNotificationConfigs/',
  '$case',
  '__proto__',
  'x'.repeat(5000),
  'TASK_STATE_WORKING',
  'ROLE_UNSPECIFIED',
  '9999-99-99T99:99:99Z',
  [],
  [[]],
  [null],
  {},
  { $case: 'text', value: 'x' },
  { constructor: { prototype: {} } },
  { '': {} },
]

const NAMES = [
  '__proto__',
  '',
  'kind',
  'text',
  'data',
  'file',
  'raw',
  'content',
  'parts',
  'message',
  'toString',
]

export const pickFrom = <T>(random: Random, choices: readonly T[]): T => {
  const picked = choices[Math.floor(random() * choices.length)]
  if (picked === undefined) throw new RangeError('nothing to pick from')
  return picked
}

/** The value with one thing in it replaced, left out, repeated or renamed. */
export function mutatedValue(value: unknown, random: Random): unknown {
  if (random() < 0.15 || typeof value !== 'object' || value === null) return hostile(random)
  if (Array.isArray(value)) return mutatedList(value, random)
  const members = Object.entries(value)
  const at = Math.floor(random() * members.length)
  const chosen = members[at]
  if (chosen === undefined || random() < 0.1) {
    return Object.fromEntries([...members, [pickFrom(random, NAMES), hostile(random)]])
  }
  const [name, member] = chosen
  if (random() < 0.15) return Object.fromEntries(members.filter((_, index) => index !== at))
  if (random() < 0.15) {
    return Object.fromEntries(
      members.map((m, index) => (index === at ? [pickFrom(random, NAMES), member] : m)),
    )
  }
  return Object.fromEntries(
    members.map((m, index) => (index === at ? [name, mutatedValue(member, random)] : m)),
  )
}

function mutatedList(list: readonly unknown[], random: Random): unknown {
  if (list.length === 0 || random() < 0.2) return [...list, hostile(random)]
  const at = Math.floor(random() * list.length)
  if (random() < 0.2) return list.filter((_, index) => index !== at)
  if (random() < 0.2) return [...list, list[at]]
  return list.map((item, index) => (index === at ? mutatedValue(item, random) : item))
}

const hostile = (random: Random): unknown => pickFrom(random, HOSTILE)

/** The text cut, repeated in parts, or with some characters changed. */
export function mutatedText(text: string, random: Random): string {
  const at = Math.floor(random() * text.length)
  const to = at + Math.floor(random() * 20)
  const choice = random()
  if (choice < 0.3) return text.slice(0, at)
  if (choice < 0.5) return text.slice(0, at) + text.slice(to)
  if (choice < 0.7) return text.slice(0, to) + text.slice(at)
  return (
    text.slice(0, at) +
    pickFrom(random, ['"', '\\', '{', ']', ',', '\u0000', '\u2028', '1e999']) +
    text.slice(at + 1)
  )
}

/** The bytes with some of them changed, cut off or repeated. */
export function mutatedBytes(bytes: Uint8Array, random: Random): Uint8Array {
  const at = Math.floor(random() * bytes.length)
  const choice = random()
  if (choice < 0.25) return bytes.slice(0, at)
  if (choice < 0.4) return Buffer.concat([bytes, bytes.slice(at)])
  if (choice < 0.5) return Buffer.from(Array.from({ length: 64 }, () => Math.floor(random() * 256)))
  const changed = Uint8Array.from(bytes)
  for (let n = 0; n <= random() * 4; n++) {
    changed[Math.floor(random() * changed.length)] = Math.floor(random() * 256)
  }
  return changed
}
