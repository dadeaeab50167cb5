import type { Version } from '../../a2a/version.ts'
import type { ParleyError } from '../../errors.ts'
import type { PublicAddresses } from '../../registry/public-addresses.ts'
import type { StreamFrame } from '../../tasks/tasks.ts'
import { challengeOf } from '../challenge.ts'
import type { StreamSource } from '../event-stream.ts'
import type { EdgeStream, StreamSink } from '../exchange.ts'
import { encode } from './encode.ts'
import { statusOf } from './errors.ts'
import type { GrpcCall } from './grpc-call.ts'
import type { StreamMethod } from './methods.ts'

/** An operation's events as messages of its version. */
export const sourceOf = (
  { dialect, operation, response }: StreamMethod,
  ended: (error?: ParleyError) => void,
): StreamSource<StreamFrame, Buffer> => ({
  encode: ({ event }) => encode(response, dialect.encodeEvent(operation, event)),
  ended,
})

/** More than this is not handed to the connection before it has taken what there was. */
const MAX_UNSENT_BYTES = 64 * 1024

/** What a failure is told with. */
type Told = {
  readonly requestId: string
  readonly version: Version
  readonly addresses: () => PublicAddresses
}

const statusOfFailure = (error: ParleyError, call: GrpcCall, { requestId, version, addresses }: Told) =>
  statusOf(error, requestId, version, challengeOf(error, call, addresses().http))

/** Sends a stream's pieces as messages, no faster than the client takes them, and its failure as the status `told` gets. */
export function sendStream(call: GrpcCall, stream: EdgeStream<Buffer>, told: Told): void {
  let unsent = 0
  let isWaiting = false
  const sink: StreamSink<Buffer> = {
    write(piece) {
      unsent += piece.length
      call.write(piece, () => {
        unsent -= piece.length
        if (!isWaiting || unsent >= MAX_UNSENT_BYTES) return
        isWaiting = false
        stream.resume(sink)
      })
      isWaiting = unsent >= MAX_UNSENT_BYTES
      return !isWaiting
    },
    end: (error) => call.end(error && statusOfFailure(error, call, told)),
  }
  call.whenGone(() => stream.cancel())
  stream.resume(sink)
}
