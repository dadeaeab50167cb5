import { API_HEADERS } from './security-headers.ts'

/** JSON Lines has no registered type; these two are what is asked for. */
export const wantsLines = (request: Request): boolean =>
  /\bapplication\/(?:jsonl|x-ndjson)\b/i.test(request.headers.get('accept') ?? '')

/** Pages of lines as one answer. No more than one page is held at a time, and the next is read when the client has taken it. */
export function linesResponse(lines: AsyncIterable<readonly string[]>, requestId: string): Response {
  const pages = lines[Symbol.asyncIterator]()
  const encoder = new TextEncoder()
  const body = new ReadableStream<Uint8Array>(
    {
      async pull(controller) {
        const { done, value } = await pages.next()
        if (done === true) controller.close()
        else controller.enqueue(encoder.encode(value.map((line) => `${line}\n`).join('')))
      },
      async cancel() {
        await pages.return?.()
      },
    },
    { highWaterMark: 0 },
  )
  return new Response(body, {
    headers: {
      ...API_HEADERS,
      'content-type': 'application/jsonl',
      'content-disposition': 'attachment; filename="audit.jsonl"',
      'x-request-id': requestId,
    },
  })
}
