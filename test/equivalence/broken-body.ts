import { fromGrpcError } from '@a2a-js/sdk/errors/grpc'
import { Client, credentials, Metadata } from '@grpc/grpc-js'
import { interfaceFor, notingFetch } from './sdk-client.ts'
import { told } from './sdk-refusal.ts'
import type { Way } from './ways.ts'

/** Sends a message that is neither JSON nor protobuf to the address `card` gives for `way`; rejects as `told` does. */
export async function sendBroken(card: unknown, way: Way, key: string): Promise<unknown> {
  const { url } = interfaceFor(card, way)
  return told(() => (way.binding === 'GRPC' ? overGrpc(url, way, key) : overHttp(url, way, key)))
}

const PATHS = { '1.0': '/message:send', '0.3': '/v1/message:send' }

async function overHttp(url: string, { version, binding }: Way, key: string): Promise<unknown> {
  const headers = {
    authorization: `Bearer ${key}`,
    'content-type': 'application/json',
    'a2a-version': version,
  }
  const address = binding === 'HTTP+JSON' ? `${url}${PATHS[version]}` : url
  const response = await notingFetch(address, { method: 'POST', headers, body: '{"message":' })
  throw new Error(`answered with ${response.status}: ${await response.text()}`)
}

const SERVICES = { '1.0': 'lf.a2a.v1.A2AService', '0.3': 'a2a.v1.A2AService' }

async function overGrpc(address: string, { version }: Way, key: string): Promise<unknown> {
  const client = new Client(address, credentials.createInsecure())
  const metadata = new Metadata()
  metadata.set('authorization', `Bearer ${key}`)
  metadata.set('a2a-version', version)
  const bytes = (value: Buffer) => value
  // A length-delimited field that promises more than there is.
  const broken = Buffer.from([0x0a, 0x7f, 0x01])
  try {
    return await new Promise((resolve, reject) => {
      const path = `/${SERVICES[version]}/SendMessage`
      client.makeUnaryRequest(path, bytes, bytes, broken, metadata, (error, answer) => {
        if (error) reject(fromGrpcError(error))
        else resolve(answer)
      })
    })
  } finally {
    client.close()
  }
}
