import { request } from 'node:https'
import { connect, type PeerCertificate } from 'node:tls'
import { credentials, Metadata, makeGenericClientConstructor, status } from '@grpc/grpc-js'
import { V1_0_METHODS } from '../../src/a2a/proto/methods-v1.ts'
import type { Identity } from '../../src/edge/issued-certificates.case.ts'

/** Whom a client trusts, and what it shows of itself. */
export type TlsClient = { readonly ca: string; readonly identity?: Identity }

export type Answer = {
  readonly status: number
  readonly text: string
  readonly headers: NodeJS.Dict<string | string[]>
}

/** A request on a connection of its own. */
export const ask = (
  client: TlsClient,
  url: string,
  {
    method = 'GET',
    headers = {},
    body = '',
  }: { method?: string; headers?: Record<string, string>; body?: string } = {},
): Promise<Answer> =>
  new Promise((resolve, reject) => {
    const options = { method, headers, ca: client.ca, agent: false as const, ...client.identity }
    const sent = request(url, options, async (answer) => {
      const chunks: Buffer[] = []
      for await (const chunk of answer) chunks.push(chunk)
      resolve({
        status: answer.statusCode ?? 0,
        text: Buffer.concat(chunks).toString(),
        headers: answer.headers,
      })
    })
    sent.once('error', reject)
    sent.end(body)
  })

/** The serial number of the certificate that a listener shows to a new connection. */
export const serialOf = (port: number, alpn?: string): Promise<string> =>
  new Promise((resolve, reject) => {
    const socket = connect({
      host: '127.0.0.1',
      port,
      rejectUnauthorized: false,
      ...(alpn === undefined ? {} : { ALPNProtocols: [alpn] }),
    })
    socket.once('error', reject).once('secureConnect', () => {
      const { serialNumber }: PeerCertificate = socket.getPeerCertificate()
      socket.destroy()
      resolve(serialNumber)
    })
  })

/** The version that a listener speaks with a client which speaks this one only; rejects when it does not. */
export const versionOf = (port: number, version: 'TLSv1.1' | 'TLSv1.2' | 'TLSv1.3'): Promise<string | null> =>
  new Promise((resolve, reject) => {
    const socket = connect({
      host: '127.0.0.1',
      port,
      rejectUnauthorized: false,
      minVersion: version,
      maxVersion: version,
      // Without, the client itself would refuse the old version.
      ciphers: 'DEFAULT@SECLEVEL=0',
      ALPNProtocols: ['h2', 'http/1.1'],
    })
    socket.once('error', reject).once('secureConnect', () => {
      const spoken = socket.getProtocol()
      socket.destroy()
      resolve(spoken)
    })
  })

/** The status of ListTasks over gRPC. */
export function listOverGrpc(
  address: string,
  { ca, identity }: TlsClient,
  metadata: Readonly<Record<string, string>> = {},
): Promise<number> {
  const list = V1_0_METHODS.find(({ operation }) => operation === 'ListTasks')
  const Client = makeGenericClientConstructor({}, 'raw')
  const pem = (text: string | undefined) => (text === undefined ? null : Buffer.from(text))
  const client = new Client(
    address,
    credentials.createSsl(Buffer.from(ca), pem(identity?.key), pem(identity?.cert)),
  )
  const sent = new Metadata()
  for (const [name, value] of Object.entries(metadata)) sent.set(name, value)
  return new Promise((resolve) => {
    const keep = (bytes: Buffer) => bytes
    client.makeUnaryRequest(list?.path ?? '', keep, keep, Buffer.alloc(0), sent, (error) => {
      client.close()
      resolve(error?.code ?? status.OK)
    })
  })
}
