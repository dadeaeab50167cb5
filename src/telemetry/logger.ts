import { type DestinationStream, type LevelWithSilent, type Logger, pino } from 'pino'
import { createLogDestination } from './log-destination.ts'

export type LoggerOptions = {
  readonly level: LevelWithSilent
  /** Where records go, one JSON object per line; standard output when absent. */
  readonly destination?: DestinationStream
}

/** Members that would hold a secret, wherever a record carries them. */
const SECRET_MEMBERS = [
  'authorization',
  'x-api-key',
  'credential',
  'credentials',
  'secret',
  'token',
  'apiKey',
]

const PLACES = ['', 'headers', 'facts', 'cause']

const STDOUT = 1

/**
 * Structured JSON logs. To standard output they go in batches, the last of them when the process ends; a process that
 * is killed loses its newest.
 */
export function createLogger({ level, destination }: LoggerOptions): Logger {
  return pino(
    {
      level,
      base: null,
      timestamp: pino.stdTimeFunctions.isoTime,
      formatters: { level: (label) => ({ level: label }) },
      redact: {
        paths: SECRET_MEMBERS.flatMap((name) => PLACES.map((place) => pathOf(place, name))),
        censor: '[redacted]',
      },
      serializers: { cause: describeCause },
    },
    destination ?? createLogDestination(STDOUT),
  )
}

const pathOf = (place: string, name: string): string => (place === '' ? `["${name}"]` : `${place}["${name}"]`)

/** How deep a chain of causes is followed. */
const MAX_CAUSES = 5

/** An error for the operator: its kind, text, stack and what caused it; none of its other members, which may hold content. */
function describeCause(cause: unknown, depth = 0): unknown {
  if (!(cause instanceof Error)) return typeof cause === 'string' ? cause : String(cause)
  return {
    name: cause.name,
    message: cause.message,
    ...('code' in cause && { code: String(cause.code) }),
    ...(depth === 0 && { stack: cause.stack }),
    ...(cause.cause !== undefined && depth < MAX_CAUSES && { cause: describeCause(cause.cause, depth + 1) }),
  }
}
