import Type, { type Static } from 'typebox'
import { check, invalidParams, parseJson, pointerTo } from '../../a2a/wire.ts'

const MAX_DEPENDENCIES = 50
const MAX_NAME_LENGTH = 128

/** What an agent may say of itself with a heartbeat; nothing means that all is well. */
export const HeartbeatBody = Type.Object(
  {
    status: Type.Optional(Type.Enum(['ok', 'degraded'], { description: 'ok when absent' })),
    reason: Type.Optional(
      Type.String({ minLength: 1, maxLength: 500, description: 'For people: why it is degraded' }),
    ),
    load: Type.Optional(Type.Number({ minimum: 0, maximum: 1, description: 'From 0, which is idle' })),
    dependencies: Type.Optional(
      Type.Record(Type.String(), Type.Enum(['up', 'degraded', 'down']), {
        maxProperties: MAX_DEPENDENCIES,
        description: `What it depends on, by names of at most ${MAX_NAME_LENGTH} characters`,
      }),
    ),
  },
  { additionalProperties: false },
)
/** A report that came just now. */
export type NewReport = Static<typeof HeartbeatBody>

const bodyCheck = check(HeartbeatBody)

/**
 * Reads the body of a heartbeat; empty text is no report. Throws `parse_error`, or `invalid_params` with everything
 * wrong.
 */
export function parseHeartbeat(text: string): NewReport | undefined {
  if (text.trim() === '') return undefined
  const report = bodyCheck.parse(parseJson(text))
  const unnamed = Object.keys(report.dependencies ?? {}).filter(
    (name) => name === '' || name.length > MAX_NAME_LENGTH,
  )
  if (unnamed.length === 0) return report
  throw invalidParams(
    unnamed.map((name) => ({
      pointer: `/dependencies${pointerTo(name.slice(0, MAX_NAME_LENGTH))}`,
      code: 'length',
      message: `must have a name of 1 to ${MAX_NAME_LENGTH} characters`,
    })),
  )
}
