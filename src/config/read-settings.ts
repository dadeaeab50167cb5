import type { Violation } from '../errors.ts'
import type { Env, Setting } from './env.ts'

export type Reader = ReturnType<typeof readSettings>

type Range = { readonly min: number; readonly max?: number }

/** Reads settings as values, or their fallback when unset; what cannot be read becomes one of `problems`. */
export function readSettings(env: Env, problems: Violation[]) {
  const problem = (setting: Setting, message: string) => {
    problems.push({ pointer: `PARLEY_${setting}`, code: 'invalid', message })
  }
  return {
    problem,
    text: (setting: Setting): string | undefined => env[setting],
    flag(setting: Setting, fallback: boolean): boolean {
      const text = env[setting]
      if (text !== undefined && text !== '0' && text !== '1')
        problem(setting, `is ${text}, but must be 0 or 1`)
      return text === undefined ? fallback : text === '1'
    },
    integer(setting: Setting, fallback: number, { min, max = Number.MAX_SAFE_INTEGER }: Range): number {
      const text = env[setting]
      if (text === undefined) return fallback
      const value = /^\d+$/.test(text) ? Number(text) : Number.NaN
      if (value >= min && value <= max) return value
      problem(setting, `is ${text}, but must be a whole number from ${min} to ${max}`)
      return fallback
    },
    oneOf<const T extends string>(setting: Setting, values: readonly T[], fallback: T): T {
      const text = env[setting]
      if (text === undefined) return fallback
      const value = values.find((known) => known === text)
      if (value === undefined) problem(setting, `is ${text}, but must be one of ${values.join(', ')}`)
      return value ?? fallback
    },
    list: (setting: Setting): readonly string[] => listIn(env[setting]),
    url(setting: Setting): string | undefined {
      const text = env[setting]
      if (text === undefined) return undefined
      if (isBaseUrl(text)) return text.replace(/\/+$/, '')
      problem(setting, `is ${text}, but must be an http or https URL without query or fragment`)
      return undefined
    },
    urls(setting: Setting): readonly string[] {
      const urls = listIn(env[setting])
      const others = urls.filter((text) => !isBaseUrl(text))
      if (others.length > 0) {
        problem(
          setting,
          `holds ${others.join(', ')}, but must be http or https URLs without query or fragment`,
        )
      }
      return urls
    },
  }
}

const listIn = (text = ''): readonly string[] =>
  text
    .split(',')
    .map((entry) => entry.trim())
    .filter((entry) => entry !== '')

function isBaseUrl(text: string): boolean {
  const url = URL.parse(text)
  return url !== null && /^https?:$/.test(url.protocol) && url.search === '' && url.hash === ''
}
