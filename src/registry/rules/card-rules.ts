import type { DeclaredInterface } from '../../a2a/agent-card.ts'
import type { JsonObject } from '../../a2a/json-object.ts'
import { declaredInterfaces } from '../../a2a/v0_3/agent-card.ts'
import type { Violation } from '../../errors.ts'
import { contentRules } from './content-rules.ts'
import { entriesOf } from './entries.ts'
import { type CardSurroundings, interfaceRules } from './interface-rules.ts'
import { legacySecurityRules, securityRules } from './security-rules.ts'

/**
 * What a 1.0 card must hold beyond its schema. Each rule looks only at members that have their proper type: the
 * others are the schema's to report, so that one call finds every problem.
 */
export const cardRules = (card: JsonObject, surroundings: CardSurroundings): readonly Violation[] => [
  ...contentRules(card),
  ...interfaceRules(interfacesOf(card), surroundings, '/supportedInterfaces'),
  ...securityRules(card),
]

/** The same for a card of 0.3, with pointers into that. */
export const legacyCardRules = (card: JsonObject, surroundings: CardSurroundings): readonly Violation[] => [
  ...contentRules(card),
  ...interfaceRules(declaredInterfaces(card), surroundings, '/protocolVersion'),
  ...legacySecurityRules(card),
]

const interfacesOf = (card: JsonObject): readonly DeclaredInterface[] =>
  entriesOf(card.supportedInterfaces, '/supportedInterfaces').map(({ pointer, value }) => ({
    url: { pointer: `${pointer}/url`, value: value.url },
    binding: { pointer: `${pointer}/protocolBinding`, value: value.protocolBinding },
    version: { pointer: `${pointer}/protocolVersion`, value: value.protocolVersion },
  }))
