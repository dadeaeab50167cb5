/** One way an agent can be spoken to: a version of A2A over one of its bindings. */
export type Form = {
  readonly version: '1.0' | '0.3'
  readonly binding: 'JSONRPC' | 'HTTP+JSON' | 'GRPC'
}

/** Where the agent listens, without trailing slashes. */
export type Addresses = {
  readonly url: string
  /** `host:port`, plaintext. */
  readonly grpc: string
}

/** Every form the agent has, in the order its card offers them. */
export const FORMS: readonly Form[] = (['1.0', '0.3'] as const).flatMap((version) =>
  (['JSONRPC', 'HTTP+JSON', 'GRPC'] as const).map((binding) => ({ version, binding })),
)

const FOLDERS = { JSONRPC: 'jsonrpc', 'HTTP+JSON': 'rest', GRPC: 'grpc' } as const

/** The folder that holds the card of an agent with this form only, such as `/forms/v0.3/rest`. */
export const formPath = ({ version, binding }: Form): string => `/forms/v${version}/${FOLDERS[binding]}`

/** Both versions share the addresses: a call says itself which of the two it is. */
export const formUrl = ({ url, grpc }: Addresses, { binding }: Form): string =>
  ({ JSONRPC: `${url}/`, 'HTTP+JSON': `${url}/rest`, GRPC: grpc })[binding]
