import { envelope, userMessage } from '../e2e/rpc.ts'

export type MalformedBody = {
  readonly kind: string
  readonly body: string | Uint8Array<ArrayBuffer>
  readonly contentType: string
}

/** Numbers from 0 to 1 that are the same in every run (mulberry32). */
export function seeded(seed: number): () => number {
  let state = seed >>> 0
  return () => {
    state = (state + 0x6d2b79f5) >>> 0
    let mixed = Math.imul(state ^ (state >>> 15), state | 1)
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32
  }
}

/** The `n`th body that no A2A server may accept. */
export function malformedBody(n: number, random: () => number): MalformedBody {
  const pick = <T>(...choices: readonly [T, ...T[]]): T =>
    choices[Math.floor(random() * choices.length)] ?? choices[0]
  const between = (low: number, high: number) => low + Math.floor(random() * (high - low))
  const good = envelope('SendMessage', {
    message: userMessage('echo garbage'),
    metadata: { a: [1, { b: 'ü' }] },
  })
  const json = 'application/json'
  const wrong = () => pick<unknown>(null, true, -1, 1e300, '', 'x', [], {}, [[]], { a: null })
  const inMessage = (change: Readonly<Record<string, unknown>>) =>
    envelope('SendMessage', { message: { ...userMessage('echo garbage'), ...change } })
  const nested = (open: string, close: string) => {
    const depth = between(80, 20_000)
    return `${open.repeat(depth)}1${close.repeat(depth)}`
  }

  switch (n % 12) {
    case 0:
      return { kind: 'truncated', body: good.slice(0, between(0, good.length - 1)), contentType: json }
    case 1: {
      const field = pick('role', 'parts', 'messageId')
      const value = field === 'messageId' ? pick<unknown>(null, true, 7, [], {}) : wrong()
      return { kind: `wrong ${field}`, body: inMessage({ [field]: value }), contentType: json }
    }
    case 2: {
      const params = pick<unknown>(null, true, 7, 'text', [], [{}])
      return { kind: 'wrong params', body: envelope('SendMessage', params), contentType: json }
    }
    case 3: {
      const [open, close] = pick(['[', ']'] as const, ['{"a":', '}'] as const)
      return { kind: 'deep', body: nested(open, close), contentType: json }
    }
    case 4: {
      const deep = nested('[', ']')
      const body = good.replace('"metadata":{', `"metadata":{"deep":${deep},`)
      return { kind: 'deep metadata', body, contentType: json }
    }
    case 5: {
      const huge = pick('1e999', '9'.repeat(5000), '-1e999', `0.${'1'.repeat(5000)}`)
      const body = `{"jsonrpc":"2.0","id":1,"method":"ListTasks","params":{"pageSize":${huge}}}`
      return { kind: 'huge number', body, contentType: json }
    }
    case 6: {
      const bytes = new Uint8Array(between(1, 4000)).map(() => between(128, 256))
      return { kind: 'random bytes', body: bytes, contentType: json }
    }
    case 7: {
      const part = pick<unknown>({}, { text: 'a', url: 'b' }, { text: 1 }, { raw: 5 }, 'text', null, [])
      return { kind: 'wrong part', body: inMessage({ parts: [part] }), contentType: json }
    }
    case 8: {
      const id = pick('{}', '[]', 'true', '{"toString":1}')
      const body = `{"jsonrpc":"2.0","id":${id},"method":"GetTask","params":{"id":"x"}}`
      return { kind: 'wrong id', body, contentType: json }
    }
    case 9: {
      const method = pick(
        '',
        '__proto__',
        'constructor',
        'sendmessage',
        'SendMessage ',
        '\u0000',
        'x'.repeat(9000),
      )
      return { kind: 'no such method', body: envelope(method, {}), contentType: json }
    }
    case 10: {
      const contentType = pick(
        'text/plain',
        'application/xml',
        'application/x-www-form-urlencoded',
        'image/png',
      )
      return { kind: 'not JSON', body: pick('a=b&c=d', '<a/>', '\u0000\u0001', 'hello'), contentType }
    }
    default: {
      const body = pick(
        `[${good}]`,
        good.replace('"2.0"', '"1.0"'),
        good.replace('{"jsonrpc"', '{"__proto__":{"a":1},"json"'),
        `${good}${good}`,
        `\uFEFF\uFEFF${good.slice(1)}`,
        `"${'x'.repeat(between(1, 2_000_000))}"`,
        '',
      )
      return { kind: 'wrong envelope', body, contentType: json }
    }
  }
}
