/** The wire form of the calls that are measured. */
export const rpcBody = (method: string, params: unknown): string =>
  JSON.stringify({ jsonrpc: '2.0', id: 1, method, params })

export type SendOptions = { readonly returnImmediately?: boolean }

export const messageParams = (text: string, { returnImmediately = false }: SendOptions = {}) => ({
  message: { messageId: 'bench-message', role: 'ROLE_USER', parts: [{ text }] },
  ...(returnImmediately ? { configuration: { returnImmediately } } : {}),
})

export const rpcHeaders = (key: string): Readonly<Record<string, string>> => ({
  'content-type': 'application/json',
  'a2a-version': '1.0',
  authorization: `Bearer ${key}`,
})

/** A card of an agent that answers JSON-RPC at `url`. */
export const cardOf = (url: string, streaming: boolean) => ({
  name: 'Bench agent',
  description: 'Answers as fast as it can',
  version: '1.0.0',
  supportedInterfaces: [{ url, protocolBinding: 'JSONRPC', protocolVersion: '1.0' }],
  capabilities: { streaming, pushNotifications: false },
  defaultInputModes: ['text/plain'],
  defaultOutputModes: ['text/plain'],
  skills: [{ id: 'any', name: 'Any', description: 'Answers any text', tags: ['bench'] }],
})
