/** A token of RFC 9110 §5.6.2: what names of headers and cookies are made of. */
const NAME = /^[!#$%&'*+.^_`|~\dA-Za-z-]+$/

export const isHeaderName = (name: string): boolean => NAME.test(name)

/** Headers that say how a message is carried, or that the gateway itself writes. */
const RESERVED: ReadonlySet<string> = new Set([
  'a2a-extensions',
  'a2a-version',
  'accept',
  'connection',
  'content-encoding',
  'content-length',
  'content-type',
  'cookie',
  'expect',
  'host',
  'http2-settings',
  'keep-alive',
  'last-event-id',
  'parley-identity',
  'te',
  'traceparent',
  'tracestate',
  'trailer',
  'transfer-encoding',
  'upgrade',
  'user-agent',
  'x-a2a-extensions',
])

const RESERVED_FAMILIES = /^(?:grpc-|proxy-|sec-)|-bin$/

/** Whether no key may go into this header, whatever a card says. */
export const isReservedHeader = (name: string): boolean => {
  const lower = name.toLowerCase()
  return RESERVED.has(lower) || RESERVED_FAMILIES.test(lower)
}
