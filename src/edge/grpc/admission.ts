import { type Metadata, ServerInterceptingCall, type ServerInterceptor } from '@grpc/grpc-js'
import type { Operation } from '../../a2a/operation.ts'
import type { Principal } from '../../access/principal.ts'
import { ParleyError } from '../../errors.ts'
import type { EdgeDeps } from '../http/app-deps.ts'
import { authenticate } from '../http/authenticate.ts'
import { beginCall, type CallInProgress, finishCall } from '../http/call-in-progress.ts'
import { challengeOf } from '../http/challenge.ts'
import { grpcCode, statusOf } from './errors.ts'
import { headersOf } from './grpc-exchange.ts'

export type Admitted = { readonly principal: Principal; readonly progress: CallInProgress }

/** Calls are authenticated when their headers are there: nobody unknown gets to send us a message that we would hold. */
export type Admission = {
  readonly interceptor: ServerInterceptor
  /** Who an admitted call is from, by its metadata. */
  readonly of: (metadata: Metadata) => Admitted
}

/** `operations` by path; calls of other methods pass freely. */
export function createAdmission(deps: EdgeDeps, operations: ReadonlyMap<string, Operation>): Admission {
  const admitted = new WeakMap<Metadata, Admitted>()

  const admit = async (metadata: Metadata, progress: CallInProgress): Promise<void> => {
    const principal = await authenticate(deps.access, headersOf(metadata), {
      anonymous: false,
      requestId: progress.requestId,
    })
    progress.principal = principal.subject
    admitted.set(metadata, { principal, progress })
  }

  return {
    interceptor({ path }, call) {
      const operation = operations.get(path)
      if (operation === undefined) return new ServerInterceptingCall(call)
      return new ServerInterceptingCall(call, {
        start: (next) =>
          next({
            onReceiveMetadata(metadata, pass) {
              const progress = beginCall(deps, headersOf(metadata), 'grpc', operation)
              admit(metadata, progress).then(
                () => pass(metadata),
                (reason: unknown) => {
                  const error = ParleyError.from(reason)
                  finishCall(deps, progress, grpcCode(error.code), error)
                  const challenge = challengeOf(error, headersOf(metadata), deps.addresses().http)
                  call.sendStatus(statusOf(error, progress.requestId, '1.0', challenge))
                },
              )
            },
          }),
      })
    },
    of(metadata) {
      const found = admitted.get(metadata)
      if (found === undefined) throw new TypeError('A call was not admitted')
      return found
    },
  }
}
