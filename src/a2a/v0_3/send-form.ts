import { membersOf, objectText } from '../json-text.ts'
import type { Check } from '../wire.ts'
import { decodeMessage } from './decode.ts'
import { encodeMessage } from './encode.ts'
import type { RequestForm } from './legacy-dialect.ts'
import { readMembers } from './read.ts'
import type { Shape } from './shape.ts'

/** A send, of which each JSON form of 0.3 writes the configuration in its own way. */
export const sendForm = (
  shape: Shape,
  check: Check<unknown>,
  configuration: Pick<RequestForm, 'decode' | 'encode'>,
): RequestForm => ({
  check,
  decode(text) {
    const request = readMembers(text, shape.nameOf)
    const given = request.get('configuration')
    return objectText([
      ['message', decodeMessage(shape, request.get('message') ?? '{}')],
      ['configuration', given && configuration.decode(given)],
      ['metadata', request.get('metadata')],
    ])
  },
  encode(text) {
    const request = membersOf(text)
    return objectText([
      ['message', encodeMessage(shape, request.get('message') ?? '{}')],
      ['configuration', configuration.encode(request.get('configuration') ?? '{}')],
      ['metadata', request.get('metadata')],
    ])
  },
})
