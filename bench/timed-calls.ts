import { Agent, type IncomingMessage, request } from 'node:http'

export type TimedCall = {
  readonly url: string
  readonly headers: Readonly<Record<string, string>>
  readonly body: string
}

export type Timed = { readonly ms: number; readonly answer: string }

/** Calls over one kept connection, one after the other. */
export interface Caller extends Disposable {
  /** From before the request is written to the end of the answer. */
  whole(call: TimedCall): Promise<Timed>
  /** From before the request is written to the first event of a stream that `isWanted`; the stream is read to its end. */
  event(call: TimedCall, isWanted: (data: string) => boolean): Promise<Timed>
}

export function createCaller(): Caller {
  const agent = new Agent({ keepAlive: true, maxSockets: 1 })
  return {
    async whole(call) {
      const startedAt = performance.now()
      let answer = ''
      for await (const chunk of await post(agent, call)) answer += chunk
      return { ms: performance.now() - startedAt, answer }
    },
    async event(call, isWanted) {
      const startedAt = performance.now()
      let found: Timed | undefined
      let buffered = ''
      for await (const chunk of await post(agent, call)) {
        const at = performance.now()
        const events = `${buffered}${chunk}`.split('\n\n')
        buffered = events.pop() ?? ''
        const answer = events.map(dataOf).find(isWanted)
        if (answer !== undefined) found ??= { ms: at - startedAt, answer }
      }
      if (found === undefined) throw new Error(`${call.url}: the stream ended without the event`)
      return found
    },
    [Symbol.dispose]: () => agent.destroy(),
  }
}

function post(agent: Agent, { url, headers, body }: TimedCall): Promise<IncomingMessage> {
  return new Promise((resolve, reject) => {
    const length = { 'content-length': String(Buffer.byteLength(body)) }
    request(url, { method: 'POST', agent, headers: { ...headers, ...length } }, (response) => {
      response.setEncoding('utf8')
      resolve(response)
    })
      .on('error', reject)
      .end(body)
  })
}

const dataOf = (event: string): string =>
  event
    .split('\n')
    .filter((line) => line.startsWith('data:'))
    .map((line) => line.slice(5).trim())
    .join('\n')
