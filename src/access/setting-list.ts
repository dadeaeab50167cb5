import { type Check, parseJson } from '../a2a/wire.ts'
import { ParleyError, type Violation } from '../errors.ts'

export type SettingList<Entry> = {
  /** Of the setting that holds it. */
  readonly setting: string
  /** What it lists, in the plural, for people. */
  readonly what: string
  readonly entries: Check<readonly Entry[]>
  /** What a schema cannot say of an entry that comes after these. */
  readonly problemsOf: (entry: Entry, earlier: readonly Entry[]) => Iterable<MemberProblem>
}

export type MemberProblem = readonly [member: string, message: string]

/**
 * The entries of a JSON list in a setting. Throws `invalid_params` naming every problem, each by its place: those with its
 * schema or, where it has none, all others.
 */
export function parseSettingList<Entry>(json: string, list: SettingList<Entry>): readonly Entry[] {
  const { setting, what, entries, problemsOf } = list
  const value = readJson(json, `${setting} must hold a JSON list of ${what}`)
  const found = entries.violations(value)
  if (found.length > 0) throw refusal(setting, found)
  const parsed = entries.parse(value)
  const problems = parsed.flatMap((entry, index) =>
    [...problemsOf(entry, parsed.slice(0, index))].map(
      ([member, message]): Violation => ({ pointer: `/${index}/${member}`, code: 'invalid', message }),
    ),
  )
  if (problems.length > 0) throw refusal(setting, problems)
  return parsed
}

function readJson(json: string, message: string): unknown {
  try {
    return parseJson(json)
  } catch (cause) {
    throw new ParleyError('invalid_params', message, { cause })
  }
}

const refusal = (setting: string, violations: readonly Violation[]): ParleyError =>
  new ParleyError(
    'invalid_params',
    violations.map(({ pointer, message }) => `${setting} ${pointer || '/'} ${message}`).join('; '),
    {
      violations: violations.map((violation) => ({
        ...violation,
        pointer: `${setting}${violation.pointer}`,
      })),
    },
  )
