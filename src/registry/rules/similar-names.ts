import { isObject } from '../../a2a/json-object.ts'
import type { Violation } from '../../errors.ts'

/** The same violations; what is missing hints at the member that was probably meant to be it: `default_input_modes`. */
export const withSimilarNames = (value: unknown, violations: readonly Violation[]): readonly Violation[] =>
  violations.map((violation) => {
    if (violation.code !== 'required' || violation.hint !== undefined) return violation
    const path = violation.pointer.split('/').slice(1).map(nameIn)
    const name = path.pop() ?? ''
    const parent = path.reduce<unknown>(memberOf, value)
    const similar = isObject(parent)
      ? Object.keys(parent).find((given) => plain(given) === plain(name))
      : undefined
    return similar === undefined
      ? violation
      : { ...violation, hint: `Write ${name} instead of ${JSON.stringify(similar)}` }
  })

const memberOf = (value: unknown, name: string): unknown =>
  (isObject(value) || Array.isArray(value)) && Object.hasOwn(value, name)
    ? Reflect.get(value, name)
    : undefined

const nameIn = (token: string): string => token.replaceAll('~1', '/').replaceAll('~0', '~')

const plain = (name: string): string => name.toLowerCase().replace(/[^a-z0-9]/g, '')
