import { once } from 'node:events'
import { connect, type Socket } from 'node:net'

/** HTTP/2 written by hand, for what no library sends. */
export type Header = readonly [name: string, value: string]

const text = (value: string): Buffer => {
  const bytes = Buffer.from(value, 'latin1')
  if (bytes.length >= 127) throw new RangeError('longer texts take another length')
  return Buffer.concat([Buffer.from([bytes.length]), bytes])
}

/** HPACK without tables. */
const headerBlock = (headers: readonly Header[]): Buffer =>
  Buffer.concat(headers.flatMap(([name, value]) => [Buffer.from([0]), text(name), text(value)]))

const FRAME_TYPES = { data: 0, headers: 1, reset: 3, settings: 4, ping: 6 } as const
export const END_STREAM = 1
const END_HEADERS = 4

export function frame(
  type: keyof typeof FRAME_TYPES,
  flags: number,
  streamId: number,
  body: Uint8Array = Buffer.alloc(0),
): Buffer {
  const head = Buffer.alloc(9)
  head.writeUIntBE(body.length, 0, 3)
  head.writeUInt8(FRAME_TYPES[type], 3)
  head.writeUInt8(flags, 4)
  head.writeUInt32BE(streamId, 5)
  return Buffer.concat([head, body])
}

export const callHeaders = (path: string, more: readonly Header[] = []): readonly Header[] => [
  [':method', 'POST'],
  [':scheme', 'http'],
  [':path', path],
  [':authority', 'x'],
  ['content-type', 'application/grpc'],
  ...more,
]

export const headersFrame = (streamId: number, headers: readonly Header[]): Buffer =>
  frame('headers', END_HEADERS, streamId, headerBlock(headers))

export const GREETING = Buffer.concat([
  Buffer.from('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n'),
  frame('settings', 0, 0),
])

/** A connection of which nothing is read until somebody does. */
export async function openRaw(address: string): Promise<Socket> {
  const [host, port] = address.split(':')
  const socket = connect(Number(port), host)
  socket.on('error', () => {})
  await once(socket, 'connect')
  return socket
}
