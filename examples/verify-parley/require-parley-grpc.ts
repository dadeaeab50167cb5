import { ServerInterceptingCall, type ServerInterceptor, status } from '@grpc/grpc-js'
import { tokenIn, type VerifyParleyToken } from './parley-token.ts'

/** The same for gRPC: an interceptor for the options of a `Server`. */
export const requireParleyOverGrpc =
  (verify: VerifyParleyToken): ServerInterceptor =>
  (_method, call) =>
    new ServerInterceptingCall(call, {
      start(next) {
        next({
          onReceiveMetadata(metadata, pass) {
            verify(tokenIn((name) => metadata.get(name)[0]?.toString())).then(
              () => pass(metadata),
              () => call.sendStatus({ code: status.UNAUTHENTICATED, details: 'invalid token' }),
            )
          },
        })
      },
    })
