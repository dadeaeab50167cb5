import type { Dialect } from '../../a2a/dialect.ts'
import { OPERATIONS, type Operation } from '../../a2a/operation.ts'
import { V0_3_JSON } from '../../a2a/v0_3/json/dialect.ts'
import { operationOfMethod } from '../../a2a/v0_3/json/methods.ts'
import { V1_0 } from '../../a2a/v1-0.ts'
import type { Version } from '../../a2a/version.ts'
import { ParleyError } from '../../errors.ts'

/** An operation in the dialect that has a method of this name for it. */
export type Method = { readonly operation: Operation; readonly dialect: Dialect }

/** The names of 1.0 are the operations' own (§9.4); those of 0.3 are written with a slash, so no two are the same. */
function findMethod(name: string): Method | undefined {
  const current = OPERATIONS.find((operation) => operation === name)
  if (current !== undefined) return { operation: current, dialect: V1_0 }
  const legacy = operationOfMethod(name)
  return legacy && { operation: legacy, dialect: V0_3_JSON }
}

/**
 * The method of this name. Where the client declares a version, only that one's methods count. Throws
 * `method_not_found`.
 */
export function getMethod(name: string, declared: Version | undefined): Method {
  const method = findMethod(name)
  if (method === undefined) throw new ParleyError('method_not_found', 'There is no such method')
  const { version } = method.dialect
  if (declared === undefined || declared === version) return method
  throw new ParleyError(
    'method_not_found',
    `${name} is a method of A2A ${version}, and this request is of ${declared}: send A2A-Version: ${version}`,
  )
}
