/** What is spoken between a client and an agent: a version of A2A over one binding. */
export type Form = { readonly version: '1.0' | '0.3'; readonly binding: 'jsonrpc' | 'rest' | 'grpc' }

export const FORMS_V1: readonly Form[] = [
  { version: '1.0', binding: 'jsonrpc' },
  { version: '1.0', binding: 'rest' },
  { version: '1.0', binding: 'grpc' },
]

export const FORMS_V0_3: readonly Form[] = [
  { version: '0.3', binding: 'jsonrpc' },
  { version: '0.3', binding: 'rest' },
  { version: '0.3', binding: 'grpc' },
]

/** As in `0.3 over grpc`. */
export const nameOf = ({ version, binding }: Form): string => `${version} over ${binding}`
