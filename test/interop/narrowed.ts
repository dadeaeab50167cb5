import { at, listAt } from '../e2e/json-path.ts'
import type { Form } from './form.ts'

const PROTOCOL_BINDINGS = { jsonrpc: 'JSONRPC', rest: 'HTTP+JSON', grpc: 'GRPC' } as const

/** The card with one form only, as if the agent had no other: so that this is the one Parley calls it with. */
export function narrowed(card: unknown, form: Form): object {
  const protocolBinding = PROTOCOL_BINDINGS[form.binding]
  if (at(card, 'supportedInterfaces') === undefined) {
    const { url } = only(listAt(card, 'additionalInterfaces'), { transport: protocolBinding })
    return { ...Object(card), url, preferredTransport: protocolBinding, additionalInterfaces: [] }
  }
  const { url } = only(listAt(card, 'supportedInterfaces'), {
    protocolBinding,
    protocolVersion: form.version,
  })
  const LEGACY = ['url', 'preferredTransport', 'additionalInterfaces', 'protocolVersion']
  const members = Object.entries(Object(card)).filter(([name]) => !LEGACY.includes(name))
  return {
    ...Object.fromEntries(members),
    supportedInterfaces: [{ url, protocolBinding, protocolVersion: form.version }],
  }
}

function only(interfaces: readonly unknown[], wanted: Readonly<Record<string, string>>): { url: unknown } {
  const found = interfaces.find((each) =>
    Object.entries(wanted).every(([name, value]) => at(each, name) === value),
  )
  if (found === undefined) throw new Error(`no such interface: ${JSON.stringify(wanted)}`)
  return { url: at(found, 'url') }
}
