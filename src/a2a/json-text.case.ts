import fc from 'fast-check'

/** Any JSON as somebody might write it: odd spaces, escapes where none are needed, numbers that a print would change. */
export type WrittenJson = { readonly text: string; readonly depth: number }

const space = fc.string({ unit: fc.constantFrom(' ', '\t', '\n', '\r'), maxLength: 3 })

const SHORT: Readonly<Record<string, string>> = {
  '"': '\\"',
  '\\': '\\\\',
  '\n': '\\n',
  '/': '\\/',
  '\t': '\\t',
}

const character = fc.oneof(
  {
    weight: 3,
    arbitrary: fc.constantFrom('"', '\\', '{', '}', '[', ']', ',', ':', '\n', '/', 'é', '😀', ' '),
  },
  { weight: 2, arbitrary: fc.string({ unit: 'grapheme', minLength: 1, maxLength: 1 }) },
)

const escaped = (text: string): string =>
  [...text].flatMap((char) => Array.from({ length: char.length }, (_, at) => unitEscape(char, at))).join('')

const unitEscape = (char: string, at: number): string =>
  `\\u${char.charCodeAt(at).toString(16).padStart(4, '0')}`

const isPlain = (char: string): boolean => char !== '"' && char !== '\\' && char.charCodeAt(0) >= 0x20

/** A JSON string, each of its characters written in one of the ways JSON allows. */
export const writtenString: fc.Arbitrary<string> = fc
  .array(fc.tuple(character, fc.boolean()), { maxLength: 6 })
  .map((chars) => `"${chars.map(([char, always]) => spelled(char, always)).join('')}"`)

function spelled(char: string, always: boolean): string {
  if (!always && isPlain(char)) return char
  return SHORT[char] ?? escaped(char)
}

const scalar = fc
  .oneof(
    writtenString,
    fc.constantFrom('true', 'false', 'null', '0', '-0', '1.0', '1e2', '1E+2', '12345678901234567890', '0.10'),
  )
  .map((text): WrittenJson => ({ text, depth: 0 }))

/**
 * Few names, so that one object repeats some; one that an object literal would treat specially. None holds a backslash:
 * once V8 13.6 has parsed an object with such a name, its `JSON.parse` takes some escaped names for that one
 * (`{"\\":0}`, then `{"\u0020":0}`).
 */
const memberName = fc.oneof(
  fc.constantFrom('"a"', '"\\u0061"', '"b"', '""', '"__proto__"', '"parts"'),
  writtenString.filter((text) => !(JSON.parse(text) as string).includes('\\')),
)

const nested = (depth: number): fc.Arbitrary<WrittenJson> =>
  depth === 0 ? scalar : fc.oneof(scalar, writtenArray(depth), writtenObject(depth))

const wrap = (open: string, close: string, items: readonly WrittenJson[], inner: string): WrittenJson => ({
  text: `${open}${items.length === 0 ? inner : items.map(({ text }) => text).join(',')}${close}`,
  depth: 1 + Math.max(0, ...items.map(({ depth }) => depth)),
})

const spaced = (left: string, { text, depth }: WrittenJson, right: string): WrittenJson => ({
  text: `${left}${text}${right}`,
  depth,
})

export const writtenArray = (depth: number): fc.Arbitrary<WrittenJson> =>
  fc
    .tuple(fc.array(fc.tuple(space, nested(depth - 1), space), { maxLength: 4 }), space)
    .map(([items, inner]) =>
      wrap(
        '[',
        ']',
        items.map(([left, item, right]) => spaced(left, item, right)),
        inner,
      ),
    )

export const writtenObject = (depth: number): fc.Arbitrary<WrittenJson> =>
  fc
    .tuple(
      fc.array(fc.tuple(space, memberName, space, space, nested(depth - 1), space), { maxLength: 4 }),
      space,
    )
    .map(([members, inner]) => {
      const items = members.map(([before, name, gap, left, value, right]) =>
        spaced(`${before}${name}${gap}:${left}`, value, right),
      )
      return wrap('{', '}', items, inner)
    })

export const writtenValue: fc.Arbitrary<WrittenJson> = nested(4)

/** With space around it. */
export const around = (written: fc.Arbitrary<WrittenJson>): fc.Arbitrary<WrittenJson> =>
  fc.tuple(space, written, space).map(([left, value, right]) => spaced(left, value, right))
