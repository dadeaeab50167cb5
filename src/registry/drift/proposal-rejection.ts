import Type, { type Static } from 'typebox'
import { check, parseJson } from '../../a2a/wire.ts'

/** Why a card is not to become an agent's, if that is said. */
export const RejectionBody = Type.Object(
  {
    reason: Type.Optional(Type.String({ minLength: 1, maxLength: 200, description: 'For the audit log' })),
  },
  { additionalProperties: false },
)
export type ProposalRejection = Static<typeof RejectionBody>

const rejectionCheck = check(RejectionBody)

/** From the text of a body; there need be none. */
export const parseRejection = (body: string): ProposalRejection =>
  body === '' ? {} : rejectionCheck.parse(parseJson(body))
