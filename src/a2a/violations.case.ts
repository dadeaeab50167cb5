import { ParleyError } from '../errors.ts'

/** `pointer code` of every violation that `run` throws; none when it throws nothing. */
export function violationsOf(run: () => unknown): readonly string[] {
  try {
    run()
  } catch (error) {
    if (error instanceof ParleyError) return error.violations.map(({ pointer, code }) => `${pointer} ${code}`)
    throw error
  }
  return []
}
