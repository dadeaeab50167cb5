import { describe, type TestContext } from 'node:test'
import type { Backend } from '../backend.ts'
import { agentCases } from './agents.case.ts'
import { alertCases } from './alerts.case.ts'
import { auditCases } from './audit.case.ts'
import { changeCases } from './changes.case.ts'
import { channelCases } from './channels.case.ts'
import { claimCases } from './claims.case.ts'
import { commitCases } from './commit.case.ts'
import { concurrencyCases } from './concurrency.case.ts'
import { contextCases } from './contexts.case.ts'
import { credentialCases } from './credentials.case.ts'
import { eventCases } from './events.case.ts'
import { healthCases } from './health.case.ts'
import { hintCases } from './hints.case.ts'
import { hostileIdCases } from './hostile-ids.case.ts'
import { idempotencyCases } from './idempotency.case.ts'
import { isolationCases } from './isolation.case.ts'
import { keyCases } from './keys.case.ts'
import { leaseCases } from './leases.case.ts'
import { limitCases } from './limits.case.ts'
import { pagingCases } from './paging.case.ts'
import { proposalCases } from './proposals.case.ts'
import { reopenCases } from './reopen.case.ts'
import { signingKeyCases } from './signing-keys.case.ts'
import { taskCases } from './tasks.case.ts'
import { timerCases } from './timers.case.ts'

/**
 * Opens the backend at `place`, a file name that no other case uses. The first opening finds it empty; a later one
 * finds what was committed, if the backend `survivesRestart`, and may happen while the first is still open, if it is
 * `sharedByProcesses`.
 */
export type OpenBackend = (place: string) => Promise<Backend>

export type BackendSuiteOptions = {
  /** Topics this backend does not answer for yet, and why. */
  readonly skip?: readonly { readonly reason: string; readonly topics: readonly string[] }[]
}

/** What a case works with. Everything opened is disposed when the case ends. */
export type CaseSetup = {
  /** An empty backend, and where it is. */
  open(t: TestContext): Promise<Backend>
  openAt(t: TestContext, place: string): Promise<Backend>
  newPlace(): string
}

export type Cases = (setup: CaseSetup) => void

const TOPICS: Readonly<Record<string, Cases>> = {
  agents: agentCases,
  health: healthCases,
  proposals: proposalCases,
  claims: claimCases,
  keys: keyCases,
  'signing keys': signingKeyCases,
  alerts: alertCases,
  channels: channelCases,
  audit: auditCases,
  changes: changeCases,
  credentials: credentialCases,
  tasks: taskCases,
  events: eventCases,
  commit: commitCases,
  leases: leaseCases,
  timers: timerCases,
  contexts: contextCases,
  idempotency: idempotencyCases,
  paging: pagingCases,
  isolation: isolationCases,
  'hostile ids': hostileIdCases,
  limits: limitCases,
  hints: hintCases,
  concurrency: concurrencyCases,
  reopen: reopenCases,
}

/** The promises of `Backend`, as tests. Each case opens an empty backend of its own, so cases run in any order. */
export function describeBackend(name: string, open: OpenBackend, options: BackendSuiteOptions = {}): void {
  let places = 0
  const newPlace = () => `place-${++places}`
  const openAt = async (t: TestContext, place: string): Promise<Backend> => {
    const backend = await open(place)
    t.after(() => backend[Symbol.asyncDispose]())
    return backend
  }
  const setup: CaseSetup = { open: (t) => openAt(t, newPlace()), openAt, newPlace }
  describe(name, () => {
    for (const [topic, cases] of Object.entries(TOPICS)) {
      const skipped = options.skip?.find(({ topics }) => topics.includes(topic))
      describe(topic, { skip: skipped?.reason ?? false }, () => cases(setup))
    }
  })
}
