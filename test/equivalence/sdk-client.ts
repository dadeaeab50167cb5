import { AsyncLocalStorage } from 'node:async_hooks'
import {
  type CallInterceptor,
  type Client,
  ClientFactory,
  JsonRpcTransportFactory,
  RestTransportFactory,
} from '@a2a-js/sdk/client'
import { GrpcTransportFactory } from '@a2a-js/sdk/client/grpc'
import { at, listAt, textAt } from '../e2e/json-path.ts'
import type { Way } from './ways.ts'

/** What came over HTTP for a call, as far as it was JSON. */
export type HttpReply = { readonly status: number; readonly headers: Headers; readonly body: unknown }

/** Where the reply to a call is put that runs within it: the SDK's own errors keep little of one. */
export const replies = new AsyncLocalStorage<{ reply?: HttpReply }>()

export type Connection = {
  readonly key?: string
  /** Sent with every call, as headers or metadata, and in place of the SDK's own. */
  readonly headers?: Readonly<Record<string, string>>
}

/**
 * The official SDK's client for one way in. Its address is what `card`, as the gateway publishes it, says for that way;
 * a card that does not name the way fails the test.
 */
export function connect(card: unknown, way: Way, connection: Connection): Promise<Client> {
  const legacyCompat = { enabled: true }
  const factory = new ClientFactory({
    transports: [
      new JsonRpcTransportFactory({ legacyCompat, fetchImpl: notingFetch }),
      new RestTransportFactory({ legacyCompat, fetchImpl: notingFetch }),
      new GrpcTransportFactory({ legacyCompat }),
    ],
    clientConfig: { interceptors: [adding(connection)] },
  })
  return factory.createFromAgentCard({
    ...CARD,
    name: textAt(card, 'name'),
    supportedInterfaces: [interfaceFor(card, way)],
  })
}

/** The first interface of a card for one way. */
export function interfaceFor(card: unknown, { version, binding }: Way) {
  const found = listAt(card, 'supportedInterfaces').find(
    (entry) => at(entry, 'protocolVersion') === version && at(entry, 'protocolBinding') === binding,
  )
  const tenant = at(found, 'tenant')
  return {
    url: textAt(found, 'url'),
    protocolBinding: binding,
    protocolVersion: version,
    tenant: typeof tenant === 'string' ? tenant : '',
  }
}

/** What a client looks at before it calls: that the agent streams. */
const CARD = {
  description: '',
  version: '1',
  provider: undefined,
  capabilities: { streaming: true, pushNotifications: true, extendedAgentCard: true, extensions: [] },
  securitySchemes: {},
  securityRequirements: [],
  defaultInputModes: [],
  defaultOutputModes: [],
  skills: [],
  signatures: [],
}

const adding = ({ key, headers }: Connection): CallInterceptor => ({
  async before(call) {
    const authorization = key === undefined ? {} : { authorization: `Bearer ${key}` }
    call.options = {
      ...call.options,
      serviceParameters: { ...call.options?.serviceParameters, ...authorization, ...headers },
    }
  },
  async after() {},
})

/** As `fetch`, and the reply is put where `replies` says. */
export const notingFetch: typeof fetch = async (input, init) => {
  const response = await fetch(input, init)
  const call = replies.getStore()
  if (call && /json/.test(response.headers.get('content-type') ?? '')) {
    const { status, headers } = response
    const text = await response.clone().text()
    call.reply = { status, headers, body: text === '' ? undefined : JSON.parse(text) }
  }
  return response
}
