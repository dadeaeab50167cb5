import type { EdgeReply, EdgeRequest, EdgeStream } from '../exchange.ts'
import { Gathered } from '../gathered.ts'
import type { Peer } from '../peer.ts'
import { bodyText, refuseTooLong, tooLarge, unreadable } from './read-body.ts'

/** A fetch-standard request as a protocol reads it; `peer` is who sent it, where a server knows. */
export function fetchRequest(request: Request, peer?: Peer): EdgeRequest {
  let leave: AbortController | undefined
  return {
    method: request.method,
    url: request.url,
    peer,
    get isClientGone() {
      return request.signal.aborted
    },
    get signal() {
      leave ??= follow(request.signal)
      return leave.signal
    },
    release: () => leave?.abort(),
    header: (name) => request.headers.get(name) ?? undefined,
    async readBody(maxBytes) {
      refuseTooLong(this, maxBytes)
      return bodyText(await readCounted(request, maxBytes))
    },
  }
}

function follow(client: AbortSignal): AbortController {
  const leave = new AbortController()
  const left = () => leave.abort(client.reason)
  if (client.aborted) left()
  else client.addEventListener('abort', left, { once: true, signal: leave.signal })
  return leave
}

async function readCounted(request: Request, maxBytes: number): Promise<Uint8Array> {
  const reader = request.body?.getReader()
  const gathered = new Gathered()
  while (reader !== undefined) {
    const { done, value } = await reader.read().catch((cause: unknown) => {
      throw unreadable(cause)
    })
    if (done) break
    gathered.add(value)
    if (gathered.length <= maxBytes) continue
    await reader.cancel()
    throw tooLarge(maxBytes)
  }
  return gathered.bytes
}

/** A protocol's answer as a fetch-standard response. */
export function fetchResponse({ status, headers, body }: EdgeReply): Response {
  return new Response(typeof body === 'string' ? body : readableOf(body), { status, headers: { ...headers } })
}

const encoder = new TextEncoder()

/** Pulls one piece at a time: a reader that stops costs one frame. */
const readableOf = (stream: EdgeStream): ReadableStream =>
  new ReadableStream({
    type: 'bytes',
    pull: (controller) =>
      new Promise<void>((resolve) => {
        stream.resume({
          write(text) {
            controller.enqueue(encoder.encode(text))
            resolve()
            return false
          },
          end() {
            controller.close()
            resolve()
          },
        })
      }),
    cancel: () => stream.cancel(),
  })
