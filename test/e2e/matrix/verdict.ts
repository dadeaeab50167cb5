import type { Operation } from '../../../src/a2a/operation.ts'
import { RIGHTS, type Right } from '../../../src/access/grant.ts'
import type { Scope } from '../../../src/access/principal.ts'
import type { Identity } from '../../../src/edge/issued-certificates.case.ts'
import type { Need } from './needs.ts'

export type Visibility = 'public' | 'tenant' | 'restricted'

/** Who asks: a cause of being refused, or none. */
export type Caller = {
  readonly name: string
  readonly key?: string
  /** What connections prove themselves with, in place of a key. */
  readonly identity?: Identity
  /** `bad` is unknown, expired, revoked or meant for somebody else. */
  readonly credential: 'good' | 'bad' | 'none'
  readonly tenant: 'ours' | 'other'
  readonly scopes: ReadonlySet<Scope>
  /** Everything that is asked for belongs to them: agents, tasks, contexts. */
  readonly owns: boolean
  /** On each of the agents. */
  readonly grant?: { readonly right: Right; readonly operations?: readonly Operation[] }
  /** The credential is good for another agent only. */
  readonly isLimited?: true
}

export type Cell = {
  readonly caller: Caller
  readonly need: Need
  readonly visibility: Visibility
  readonly isNative: boolean
}

/**
 * `open`: answered to everybody. `unauthenticated`: the one 401, whatever is named. `unscoped`: a 403 that says nothing
 * of what is named. `hidden`: answered exactly as what never existed. `forbidden`: a 403, for what the caller sees.
 * `blank`: no refusal, and the answer for what never existed. `answered`: no refusal.
 */
export type Verdict = 'open' | 'unauthenticated' | 'unscoped' | 'hidden' | 'forbidden' | 'blank' | 'answered'

/** The specification's rules; the first that fits decides. */
const RULES: readonly (readonly [Verdict, (cell: Cell) => boolean])[] = [
  ['open', ({ need }) => need.scope === 'none'],
  ['unauthenticated', ({ caller }) => caller.credential === 'bad'],
  ['unauthenticated', ({ caller, need, isNative }) => isAnonymous(caller) && !(isNative && isLook(need))],
  [
    'unauthenticated',
    ({ caller, need, visibility }) => isAnonymous(caller) && isBelowA2a(need) && !sees(caller, visibility),
  ],
  ['unscoped', ({ caller, need }) => !holds(caller, need.scope)],
  ['forbidden', ({ caller, need }) => need.isTenantWide === true && caller.isLimited === true],
  ['answered', ({ need }) => need.about === 'gateway' || need.about === 'list'],
  ['hidden', ({ caller }) => caller.tenant === 'other' || caller.isLimited === true],
  ['hidden', ({ caller, need, visibility }) => need.right !== undefined && !sees(caller, visibility)],
  ['forbidden', (cell) => cell.need.right !== undefined && !may(cell, cell.need.right)],
  ['hidden', (cell) => isOfOwners(cell.need) && !cell.caller.owns && !isWatched(cell)],
  ['hidden', (cell) => cell.need.about === 'alert' && !may(cell, 'manage')],
  ['answered', () => true],
]

export function verdictOn(cell: Cell): Verdict {
  const [verdict] = RULES.find(([, fits]) => fits(cell)) ?? ['hidden']
  return verdict === 'hidden' && isBlankThere(cell) ? 'blank' : verdict
}

/** A list is narrowed in vain; over A2A there is none with an agent that the caller does not see. */
const isBlankThere = ({ caller, need, visibility, isNative }: Cell): boolean =>
  need.isFilter === true && (isNative || sees(caller, visibility))

const isAnonymous = ({ credential }: Caller): boolean => credential === 'none'

const isLook = ({ scope }: Need): boolean => scope === 'agents:read'

/** There, an anonymous caller who may not see something is asked for a credential. */
const isBelowA2a = ({ name }: Need): boolean => name.startsWith('GET /a2a/')

const isAdmin = ({ scopes }: Caller): boolean => scopes.has('admin')

const holds = (caller: Caller, scope: Need['scope']): boolean =>
  scope === 'none' || caller.scopes.has(scope) || isAdmin(caller)

const isOfOwners = ({ about }: Need): boolean => /^(?:task|context|channel|rule)$/.test(about)

/** An admin sees the tasks and rules of its tenant in the native API, and there only. */
const isWatched = ({ caller, isNative }: Cell): boolean => isNative && isAdmin(caller)

/** Whether the caller may know that there is such an agent. */
export function sees(caller: Caller, visibility: Visibility): boolean {
  if (caller.credential === 'bad' || caller.tenant === 'other' || caller.isLimited) return false
  if (isAnonymous(caller)) return visibility === 'public'
  return visibility !== 'restricted' || caller.owns || isAdmin(caller) || caller.grant !== undefined
}

function may({ caller, need, visibility }: Cell, right: Right): boolean {
  if (caller.owns || isAdmin(caller)) return true
  if (right !== 'manage' && visibility !== 'restricted') return true
  const { grant } = caller
  if (grant === undefined || RIGHTS.indexOf(grant.right) < RIGHTS.indexOf(right)) return false
  return (
    grant.operations === undefined ||
    need.operation === undefined ||
    grant.operations.includes(need.operation)
  )
}
