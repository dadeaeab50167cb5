import { assertScope } from '../access/assert-scope.ts'
import type { Credentials } from '../access/credentials/credentials.ts'
import type { Cursors } from '../access/page-cursor.ts'
import type { Signer } from '../access/service-identity/signer.ts'
import { approveAgent, refuseAgent } from './admit-agent.ts'
import { deleteCredential, listCredentials, storeCredential } from './agent-credentials.ts'
import { createCardVersions } from './card-versions.ts'
import { createGrant } from './create-grant.ts'
import { deleteGrant } from './delete-grant.ts'
import { listDependencies } from './dependencies.ts'
import { createProposals } from './drift/proposals.ts'
import { explainAccess } from './explain-access.ts'
import type { ExtendedCardSource } from './extended-card-source.ts'
import { getAgent } from './find-agent.ts'
import { createExtendedCard } from './get-extended-card.ts'
import { type CheckNowDeps, checkNow } from './health/check-now.ts'
import type { Health } from './health/health.ts'
import { createHealthOf } from './health/health-of.ts'
import { createTaskProbes } from './health/manage-task-probe.ts'
import { createHealthReads } from './health/read-health.ts'
import { takeHeartbeat } from './health/take-heartbeat.ts'
import { judgeCard } from './judge-card.ts'
import { createPublisher } from './publish-card.ts'
import { createRegister, type RegisterDeps } from './register-agent.ts'
import type { Registry } from './registry.ts'
import { createReplace } from './replace-agent.ts'
import { createSearch } from './search/search-agents.ts'
import { unregisterAgent } from './unregister-agent.ts'
import { updateAgent } from './update-agent.ts'

export type RegistryDeps = RegisterDeps & {
  /** Where a look at an agent is asked for. */
  readonly work: CheckNowDeps['work']
  readonly cursors: Cursors
  /** Signs the cards we publish, with the key whose turn it is. */
  readonly cardSigner: () => Promise<Signer>
  readonly credentials: Credentials
  readonly health: Health
  /** Without one, no agent's extended card can be had. */
  readonly extendedCards?: ExtendedCardSource
}

export function createRegistry(deps: RegistryDeps): Registry {
  const { agents, access, now, addresses, cursors, cardSigner } = deps
  const healthOf = createHealthOf(deps)
  const publisher = createPublisher({ addresses, cardSigner, now })
  return {
    register: createRegister(deps),
    ...createCardVersions(deps),
    ...createProposals(deps),
    async validate(call, card) {
      assertScope(call.principal, 'agents:write')
      return judgeCard(deps, card, call.signal)
    },
    search: createSearch({ agents, access, now, cursors }),
    get: (call, ref, action, operation) => getAgent(deps, call, ref, action, operation),
    find: (id) => agents.find(id),
    findForDelivery: async (id) => (await agents.find(id)) ?? agents.findRemoved(id),
    forget: (id) => agents.forget(id),
    approve: (call, ref, condition) => approveAgent(deps, call, ref, condition),
    refuse: (call, ref, refusal) => refuseAgent(deps, call, ref, refusal),
    replace: createReplace(deps),
    update: (call, ref, changes, condition) => updateAgent(deps, call, ref, changes, condition),
    publishedCard: publisher.publish,
    extendedCard: createExtendedCard({ ...deps, publisher }),

    listDependencies: (call, ref) => listDependencies(deps, call, ref),
    unregister: (call, ref) => unregisterAgent(deps, call, ref),

    async listGrants(call, ref) {
      return (await getAgent(deps, call, ref, 'manage')).grants ?? []
    },
    createGrant: (call, ref, grant) => createGrant(deps, call, ref, grant),
    deleteGrant: (call, ref, id) => deleteGrant(deps, call, ref, id),
    explain: (call, question) => explainAccess(deps, call, question),

    storeCredential: (call, ref, scheme, body, condition) =>
      storeCredential(deps, call, ref, scheme, body, condition),
    listCredentials: (call, ref) => listCredentials(deps, call, ref),
    deleteCredential: (call, ref, scheme) => deleteCredential(deps, call, ref, scheme),

    heartbeat: (call, ref, report) => takeHeartbeat(deps, call, ref, report),
    healthOf,
    ...createHealthReads(deps, healthOf),
    ...createTaskProbes(deps),
    checkNow: (call, ref) => checkNow(deps, call, ref),
  }
}
