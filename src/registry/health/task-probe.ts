import Type, { type Static } from 'typebox'
import { check, parseJson } from '../../a2a/wire.ts'

/** What an agent is asked to show that it works, as its owner set it. It may cost the agent's operator money each time. */
export type TaskProbe = {
  /** The text of the message that is sent. */
  readonly text: string
  /** Words that the answer must contain, whatever their case; any answer that is no failure will do when absent. */
  readonly expect?: string
  /** How often, in milliseconds. */
  readonly everyMs: number
}

const DEFAULT_EVERY_MS = 900_000
const MAX_EVERY_MS = 7 * 24 * 60 * 60 * 1000

/** What an owner says of it. */
export const TaskProbeBody = Type.Object(
  {
    text: Type.String({ minLength: 1, maxLength: 10_000, description: 'The message that is sent' }),
    expect: Type.Optional(
      Type.String({
        minLength: 1,
        maxLength: 1000,
        description:
          'Words that the answer must contain, whatever their case; any answer that is no failure will do when absent',
      }),
    ),
    everyMs: Type.Optional(
      Type.Integer({
        minimum: 60_000,
        maximum: MAX_EVERY_MS,
        default: DEFAULT_EVERY_MS,
        description: 'How often; each time may cost what a message costs',
      }),
    ),
  },
  { additionalProperties: false },
)
export type TaskProbeBody = Static<typeof TaskProbeBody>

const bodyCheck = check(TaskProbeBody)

export const probeOf = ({ everyMs = DEFAULT_EVERY_MS, ...probe }: TaskProbeBody): TaskProbe => ({
  ...probe,
  everyMs,
})

/** Throws `parse_error`, or `invalid_params` with everything wrong. */
export const parseTaskProbe = (text: string): TaskProbe => probeOf(bodyCheck.parse(parseJson(text)))
