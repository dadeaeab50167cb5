import { isObject, type JsonObject } from '../../a2a/json-object.ts'
import type { Violation } from '../../errors.ts'
import { httpUrlProblem } from '../http-url.ts'
import { entriesOf, itemsOf } from './entries.ts'
import { isFilled, nameRules, textRules } from './text-rules.ts'

/** What must be true of what a card says of its agent, in either version. */
export function contentRules(card: JsonObject): readonly Violation[] {
  const skills = entriesOf(card.skills, '/skills')
  const names = [
    { pointer: '/name', value: card.name },
    { pointer: '/version', value: card.version },
    ...skills.flatMap(({ pointer, value }) => [
      { pointer: `${pointer}/id`, value: value.id },
      { pointer: `${pointer}/name`, value: value.name },
    ]),
  ]
  return [
    ...names.flatMap(({ pointer, value }) => [...nameRules(pointer, value)]),
    ...textRules(card, new Set(names.map(({ pointer }) => pointer))),
    ...uniqueIds(skills),
    ...linkRules(card),
    ...modeRules(card, '', ['defaultInputModes', 'defaultOutputModes']),
    ...skills.flatMap(({ pointer, value }) => [...modeRules(value, pointer, ['inputModes', 'outputModes'])]),
    ...extensionRules(card.capabilities),
  ]
}

function* uniqueIds(skills: ReturnType<typeof entriesOf>): Generator<Violation> {
  const seen = new Map<unknown, string>()
  for (const { pointer, value } of skills) {
    const first = seen.get(value.id)
    if (first !== undefined) {
      yield { pointer: `${pointer}/id`, code: 'duplicate', message: `is already the id of ${first}` }
    } else if (isFilled(value.id)) seen.set(value.id, pointer)
  }
}

/** Links are shown to people, who follow them: nothing but web addresses. */
function* linkRules(card: JsonObject): Generator<Violation> {
  const links = [
    { pointer: '/documentationUrl', value: card.documentationUrl },
    { pointer: '/iconUrl', value: card.iconUrl },
    { pointer: '/provider/url', value: isObject(card.provider) ? card.provider.url : undefined },
  ]
  for (const { pointer, value } of links) {
    const problem = isFilled(value) ? httpUrlProblem(value) : undefined
    if (problem !== undefined) yield { pointer, code: 'url', message: problem }
  }
}

/** Words that early cards have for kinds of media, and what they mean. */
export const MODE_WORDS: Readonly<Record<string, string>> = {
  text: 'text/plain',
  json: 'application/json',
  data: 'application/json',
  file: 'application/octet-stream',
  image: 'image/*',
  audio: 'audio/*',
  video: 'video/*',
}

/** `type/subtype` with parameters (RFC 9110 §8.3.1); `*` stands for any. */
const MEDIA_TYPE =
  /^(?:\*|[\w!#$&^.+-]{1,127})\/(?:\*|[\w!#$&^.+-]{1,127})(?:\s*;\s*[\w!#$&^.+-]+=(?:[\w!#$&'*+.^`|~-]+|"[^"\\]*"))*$/

function* modeRules(holder: JsonObject, pointer: string, members: readonly string[]): Generator<Violation> {
  for (const member of members) {
    for (const mode of itemsOf(holder[member], `${pointer}/${member}`)) {
      if (typeof mode.value !== 'string' || MEDIA_TYPE.test(mode.value)) continue
      if (Object.hasOwn(MODE_WORDS, mode.value)) continue
      yield {
        pointer: mode.pointer,
        code: 'media_type',
        message: 'must be a media type, such as text/plain or application/json',
      }
    }
  }
}

/** An extension is known by its URI alone (A2A 1.0 §4.6). */
function* extensionRules(capabilities: unknown): Generator<Violation> {
  const extensions = entriesOf(
    isObject(capabilities) ? capabilities.extensions : undefined,
    '/capabilities/extensions',
  )
  const seen = new Map<string, string>()
  for (const { pointer, value } of extensions) {
    if (!isFilled(value.uri)) continue
    const first = seen.get(value.uri)
    if (!/^[a-z][a-z\d+.-]*:\S+$/i.test(value.uri)) {
      yield { pointer: `${pointer}/uri`, code: 'uri', message: 'must be an absolute URI' }
    } else if (first !== undefined) {
      yield { pointer: `${pointer}/uri`, code: 'duplicate', message: `is already the URI of ${first}` }
    } else seen.set(value.uri, pointer)
  }
}
