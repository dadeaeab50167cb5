import type { JsonText } from '../a2a/json-text.ts'
import type { UnaryOperation } from '../a2a/operation.ts'
import type { ParleyError } from '../errors.ts'
import type { EdgeDeps } from './app-deps.ts'
import type { BegunOperation } from './begin-operation.ts'
import type { EdgeRequest } from './exchange.ts'
import { UNARY } from './operations.ts'
import type { Lasting } from './rechecks.ts'

/** Runs an operation that answers once. A send that may wait longer than checks are apart ends as a stream does when its rights do. */
export async function runUnary(
  deps: EdgeDeps,
  operation: UnaryOperation,
  { call, entitlement }: BegunOperation,
  request: Pick<EdgeRequest, 'release'>,
): Promise<JsonText<unknown>> {
  const { maxWaitMs, recheckMs } = deps.settings
  if (operation !== 'SendMessage' || maxWaitMs < recheckMs) return UNARY[operation](call)
  const wait = new LongWait(request)
  const watch = deps.rechecks.watch(wait, entitlement)
  try {
    return await UNARY[operation](call)
  } catch (reason) {
    throw wait.error ?? reason
  } finally {
    watch.leave(wait)
  }
}

class LongWait implements Lasting {
  readonly #request: Pick<EdgeRequest, 'release'>
  error: ParleyError | undefined

  constructor(request: Pick<EdgeRequest, 'release'>) {
    this.#request = request
  }

  endFor(error: ParleyError): void {
    this.error = error
    this.#request.release()
  }
}
