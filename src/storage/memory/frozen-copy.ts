/** A copy that nobody can change, so that stored values are out of every caller's reach. */
export const frozenCopy = <T>(value: T): T => deepFreeze(structuredClone(value))

function deepFreeze<T>(value: T): T {
  if (typeof value === 'object' && value !== null) {
    for (const member of Object.values(value)) deepFreeze(member)
    Object.freeze(value)
  }
  return value
}
