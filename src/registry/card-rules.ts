import { isCallable } from '../a2a/agent-card.ts'
import type { Violation } from '../errors.ts'
import { httpUrlProblem, isBelow } from './http-url.ts'
import { isObject, type JsonObject } from './json-object.ts'

/**
 * What a v1.0 card must hold beyond its schema. Each rule looks only at members that have their proper type: the
 * others are the schema's to report, so that one call finds every problem.
 */
export function cardRules(card: JsonObject, ownBase: string | undefined): readonly Violation[] {
  return [
    ...nameRules('/name', card.name),
    ...nameRules('/version', card.version),
    ...interfaceRules(card.supportedInterfaces, ownBase),
    ...skillRules(card.skills),
  ]
}

/** The bindings the gateway can call an agent over, with A2A 1.x. */
const KNOWN_BINDINGS = ['JSONRPC', 'GRPC', 'HTTP+JSON']

function interfaceRules(interfaces: unknown, ownBase: string | undefined): readonly Violation[] {
  if (!Array.isArray(interfaces) || interfaces.length === 0) return []
  const found = interfaces.flatMap((entry: unknown, index) =>
    isObject(entry) ? [...interfaceEntryRules(`/supportedInterfaces/${index}`, entry, ownBase)] : [],
  )
  if (interfaces.some(isCallableEntry)) return found
  return [
    ...found,
    {
      pointer: '/supportedInterfaces',
      code: 'not_callable',
      message:
        'must have an interface of A2A 1.x over JSONRPC or HTTP+JSON; the gateway can call no other yet',
      hint: 'Add {"url": "https://…", "protocolBinding": "JSONRPC", "protocolVersion": "1.0"}',
    },
  ]
}

function* interfaceEntryRules(
  pointer: string,
  entry: JsonObject,
  ownBase: string | undefined,
): Generator<Violation> {
  const { url, protocolBinding, protocolVersion } = entry
  const urlProblem = isFilled(url) ? httpUrlProblem(url) : undefined
  if (urlProblem !== undefined) yield { pointer: `${pointer}/url`, code: 'url', message: urlProblem }
  if (isFilled(url) && ownBase !== undefined && isBelow(url, ownBase)) {
    yield { pointer: `${pointer}/url`, code: 'loop', message: 'must not lead back to this gateway' }
  }
  if (isFilled(protocolBinding) && !isBinding(protocolBinding)) {
    const known = KNOWN_BINDINGS.find((name) => name === protocolBinding.toUpperCase())
    yield {
      pointer: `${pointer}/protocolBinding`,
      code: 'unknown_binding',
      message: `must be one of ${KNOWN_BINDINGS.join(', ')}, or a URI for a custom binding`,
      ...(known === undefined ? {} : { hint: `Write ${known}` }),
    }
  }
  if (isFilled(protocolVersion) && !/^\d{1,4}\.\d{1,4}$/.test(protocolVersion)) {
    const short = /^v?(\d+\.\d+)\.\d+$/.exec(protocolVersion)?.[1]
    yield {
      pointer: `${pointer}/protocolVersion`,
      code: 'version',
      message: 'must be Major.Minor, such as 1.0',
      ...(short === undefined ? {} : { hint: `Write ${short}` }),
    }
  }
}

const isBinding = (text: string): boolean =>
  KNOWN_BINDINGS.includes(text) || /^[a-z][a-z0-9+.-]*:[^\s]+$/i.test(text)

const isCallableEntry = (entry: unknown): boolean => {
  if (!isObject(entry)) return false
  const { url, protocolBinding, protocolVersion } = entry
  if (typeof protocolBinding !== 'string' || typeof protocolVersion !== 'string') return false
  return isCallable({ url: String(url), protocolBinding, protocolVersion })
}

function skillRules(skills: unknown): readonly Violation[] {
  if (!Array.isArray(skills)) return []
  const seen = new Map<unknown, number>()
  return skills.flatMap((skill: unknown, index) => {
    if (!isObject(skill)) return []
    const pointer = `/skills/${index}`
    const first = seen.get(skill.id)
    if (isFilled(skill.id) && first === undefined) seen.set(skill.id, index)
    const duplicate: Violation = {
      pointer: `${pointer}/id`,
      code: 'duplicate',
      message: `is already the id of /skills/${first}`,
    }
    return [
      ...nameRules(`${pointer}/id`, skill.id),
      ...(first === undefined ? [] : [duplicate]),
      ...nameRules(`${pointer}/name`, skill.name),
    ]
  })
}

/** Names are shown beside other agents' names: they must be visible and must not change how others are shown. */
function* nameRules(pointer: string, text: unknown): Generator<Violation> {
  if (!isFilled(text)) return
  if (text.trim() === '') yield { pointer, code: 'blank', message: 'must not be blank' }
  // Control, format (bidirectional, zero-width, tags), surrogate, line and paragraph separator characters.
  const unsafe = /[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]/u.exec(text)?.[0].codePointAt(0)
  if (unsafe === undefined) return
  const name = `U+${unsafe.toString(16).toUpperCase().padStart(4, '0')}`
  yield { pointer, code: 'unsafe_character', message: `must not contain the invisible character ${name}` }
}

const isFilled = (value: unknown): value is string => typeof value === 'string' && value !== ''
