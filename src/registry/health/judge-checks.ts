import type { Check, CheckKind, CheckOutcome, HealthReason, HealthState } from './agent-health.ts'

/** What checks say, before flapping is damped. */
export type Verdict = {
  readonly state: HealthState
  /** Of what is not `up`, the gravest check that made it so. */
  readonly reason?: HealthReason
  /** It may be over in a moment. */
  readonly isTemporary: boolean
}

const CALLS: ReadonlySet<CheckKind> = new Set(['interface', 'task', 'delivery'])
const REAL_CALLS: ReadonlySet<CheckKind> = new Set(['task', 'delivery'])

/** About the way to a URL, and so about whatever is asked there. */
const OF_THE_WAY: ReadonlySet<CheckOutcome> = new Set(['dns', 'unreachable', 'tls'])

const TEMPORARY: ReadonlySet<CheckOutcome> = new Set(['timeout', 'unreachable', 'dns', 'error', 'unexpected'])

/** The gravest first. */
const GRAVITY: readonly CheckOutcome[] = [
  'missing',
  'unreachable',
  'dns',
  'tls',
  'forbidden',
  'timeout',
  'auth',
  'wrong-version',
  'bad-shape',
  'error',
  'unexpected',
  'degraded',
]
const KINDS: readonly CheckKind[] = ['heartbeat', 'delivery', 'task', 'interface', 'card']

/** The agent was called, as clients call it. */
export const isCall = ({ kind }: Pick<Check, 'kind'>): boolean => CALLS.has(kind)

/** A message was sent to it and answered as it should be, or not. */
export const isRealCall = ({ kind }: Pick<Check, 'kind'>): boolean => REAL_CALLS.has(kind)

export const isBad = ({ outcome }: Pick<Check, 'outcome'>): boolean =>
  outcome !== 'ok' && outcome !== 'card-drift'

/** How an agent is by the last check of each kind and URL. */
export function judgeChecks(checks: readonly Check[]): Verdict {
  const calls = checks.filter((check) => isCall(check) && !isOutdated(check, checks))
  const badCalls = calls.filter(isBad)
  const beats = checks.filter(({ kind }) => kind === 'heartbeat')
  const missing = beats.filter(({ outcome }) => outcome === 'missing')
  const doesNothing = calls.length > 0 && badCalls.length === calls.length
  if (missing.length > 0 || doesNothing) {
    const isTemporary = missing.length === 0 && badCalls.some(({ outcome }) => TEMPORARY.has(outcome))
    return { state: 'down', ...reasonOf([...missing, ...badCalls]), isTemporary }
  }
  const bad = [...badCalls, ...beats.filter(isBad)]
  const degrading = bad.length > 0 ? bad : checks.filter((check) => check.kind === 'card' && isBad(check))
  if (degrading.length > 0) return { state: 'degraded', ...reasonOf(degrading), isTemporary: false }
  return { state: calls.length + beats.length > 0 ? 'up' : 'unknown', isTemporary: false }
}

const isOutdated = (check: Check, checks: readonly Check[]): boolean =>
  checks.some((other) => isCall(other) && other.at > check.at && contradicts(other, check))

/** Whether what was seen later shows that `older` is so no more. */
function contradicts(newer: Check, older: Check): boolean {
  if (isBad(newer) === isBad(older)) return false
  const isSamePlace = newer.url === undefined || older.url === undefined || newer.url === older.url
  if (isBad(newer)) return isSamePlace && (isRealCall(older) || OF_THE_WAY.has(newer.outcome))
  if (older.kind === 'delivery' && isRealCall(newer)) return true
  return isSamePlace && OF_THE_WAY.has(older.outcome)
}

function reasonOf(checks: readonly Check[]): { readonly reason?: HealthReason } {
  const [gravest] = checks.toSorted(
    (a, b) =>
      GRAVITY.indexOf(a.outcome) - GRAVITY.indexOf(b.outcome) ||
      KINDS.indexOf(a.kind) - KINDS.indexOf(b.kind) ||
      ((a.url ?? '') < (b.url ?? '') ? -1 : 1),
  )
  if (gravest === undefined) return {}
  const { kind, outcome, message, url } = gravest
  return {
    reason: {
      kind,
      outcome,
      ...(message === undefined ? {} : { message }),
      ...(url === undefined ? {} : { url }),
    },
  }
}
