import type { IncomingMessage, ServerResponse } from 'node:http'
import type { EdgeReply, EdgeRequest, EdgeStream } from '../exchange.ts'
import { Gathered } from '../gathered.ts'
import { type Peer, peerOf } from '../peer.ts'
import { bodyText, refuseTooLong, tooLarge, unreadable } from './read-body.ts'

/** A request to Node's HTTP server as a protocol reads it. */
export class NodeRequest implements EdgeRequest {
  readonly method: string
  readonly url: string
  readonly #incoming: IncomingMessage
  readonly #outgoing: ServerResponse
  #leave: AbortController | undefined

  constructor(incoming: IncomingMessage, outgoing: ServerResponse) {
    this.method = incoming.method ?? ''
    this.url = incoming.url ?? '/'
    this.#incoming = incoming
    this.#outgoing = outgoing
  }

  get peer(): Peer {
    return peerOf(this.#incoming.socket)
  }

  get isClientGone(): boolean {
    return this.#outgoing.destroyed && !this.#outgoing.writableFinished
  }

  get signal(): AbortSignal {
    if (this.#leave === undefined) {
      const leave = new AbortController()
      this.#leave = leave
      if (this.isClientGone) leave.abort()
      else this.#outgoing.once('close', () => this.isClientGone && leave.abort())
    }
    return this.#leave.signal
  }

  release(): void {
    this.#leave?.abort()
  }

  header(name: string): string | undefined {
    if (name !== 'authorization' && name !== 'content-type') {
      const value = this.#incoming.headers[name]
      return typeof value === 'string' ? value : undefined
    }
    // Node keeps only the first of these, but two credentials are no credential.
    const { rawHeaders } = this.#incoming
    let joined: string | undefined
    for (let at = 0; at < rawHeaders.length; at += 2) {
      const key = rawHeaders[at]
      if (key?.length !== name.length || key.toLowerCase() !== name) continue
      const value = rawHeaders[at + 1] ?? ''
      joined = joined === undefined ? value : `${joined}, ${value}`
    }
    return joined
  }

  readBody(maxBytes: number): Promise<string> {
    return new Promise((resolve, reject) => {
      refuseTooLong(this, maxBytes)
      const incoming = this.#incoming
      const gathered = new Gathered()
      const onData = (chunk: Buffer) => {
        gathered.add(chunk)
        if (gathered.length <= maxBytes) return
        release()
        incoming.pause()
        reject(tooLarge(maxBytes))
      }
      const onEnd = () => {
        release()
        try {
          resolve(bodyText(gathered.bytes))
        } catch (error) {
          reject(error)
        }
      }
      const onCut = (cause?: Error) => {
        release()
        reject(unreadable(cause))
      }
      const release = () => {
        incoming.off('data', onData).off('end', onEnd).off('error', onCut).off('close', onCut)
      }
      incoming.on('data', onData).on('end', onEnd).on('error', onCut).on('close', onCut)
      if (incoming.destroyed) onCut()
    })
  }
}

/** Sends a protocol's answer. A body that was not read, or not to its end, is let run out. */
export function sendReply(incoming: IncomingMessage, outgoing: ServerResponse, reply: EdgeReply): void {
  const { status, headers, body } = reply
  if (outgoing.destroyed) {
    if (typeof body !== 'string') body.cancel()
    return
  }
  if (!incoming.readableEnded) outgoing.once('close', () => drain(incoming))
  if (typeof body === 'string') {
    const bytes = Buffer.byteLength(body)
    // Text of as many bytes as characters is ASCII, which is cheaper to send as what it also is.
    const encoding = bytes === body.length ? 'latin1' : 'utf8'
    outgoing.writeHead(status, { ...headers, 'content-length': bytes }).end(body, encoding)
  } else sendStream(outgoing.writeHead(status, headers), body)
}

function sendStream(outgoing: ServerResponse, stream: EdgeStream): void {
  const sink = {
    write: (text: string) => outgoing.write(text),
    end: () => {
      outgoing.end()
    },
  }
  outgoing.on('drain', () => stream.resume(sink))
  outgoing.once('close', () => stream.cancel())
  outgoing.on('error', () => {
    // The connection broke under a write; `close` follows.
  })
  stream.resume(sink)
  // A stream without a first event yet still has headers to tell.
  if (!outgoing.writableEnded) outgoing.flushHeaders()
}

/** How long, and how much, a client may go on sending a body that nobody reads, so that it gets to see the answer. */
const MAX_DRAIN_MS = 500
const MAX_DRAIN_BYTES = 64 * 1024 * 1024

function drain(incoming: IncomingMessage): void {
  if (incoming.readableEnded || incoming.destroyed) return
  const { socket } = incoming
  let bytes = 0
  const cut = () => {
    stop()
    socket.destroySoon()
  }
  const timer = setTimeout(cut, MAX_DRAIN_MS)
  const onData = (chunk: Buffer) => {
    bytes += chunk.length
    if (bytes > MAX_DRAIN_BYTES) cut()
  }
  const stop = () => {
    clearTimeout(timer)
    incoming.off('data', onData).off('end', stop).off('close', stop)
  }
  incoming.on('data', onData).on('end', stop).on('close', stop).resume()
}
