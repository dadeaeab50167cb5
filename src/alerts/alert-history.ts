import { agentId } from '../a2a/ids.ts'
import type { Access } from '../access/access.ts'
import { assertScope } from '../access/assert-scope.ts'
import { RefusalError } from '../access/audit/refusal.ts'
import type { Cursors } from '../access/page-cursor.ts'
import { type Call, hasScope } from '../access/principal.ts'
import { ParleyError } from '../errors.ts'
import type { Agent } from '../registry/agent.ts'
import type { AgentStore } from '../registry/agent-store.ts'
import { resourceOf } from '../registry/find-agent.ts'
import type { OtherAgent } from './alert.ts'
import type { AlertFilter, AlertPosition, AlertStore, StoredAlert } from './alert-store.ts'
import type { AlertQuery, Alerts } from './alerts.ts'
import { readPage } from './read-page.ts'

export type AlertHistoryDeps = {
  readonly alerts: AlertStore
  readonly agents: AgentStore
  readonly access: Pick<Access, 'decide'>
  readonly cursors: Cursors
}

const ALERTS_PER_READ = 100

/** What readers see of alerts: those about agents that they may manage and, of agents that are gone, admins alone. */
export function createAlertHistory(deps: AlertHistoryDeps): Pick<Alerts, 'getAlert' | 'listAlerts'> {
  const { alerts, agents, access, cursors } = deps

  const mayRead = ({ principal }: Call, agent: Agent | undefined): boolean =>
    agent === undefined
      ? hasScope(principal, 'admin') && principal.agents === undefined
      : access.decide(principal, 'manage', resourceOf(agent)).allow

  /** Those that the caller may read, without the other agents that they do not see. */
  async function shown(call: Call, found: readonly StoredAlert[]): Promise<readonly StoredAlert[]> {
    const ids = new Set(
      found.flatMap(({ agentId: id, victims, cause }) => [id, ...idsOf(victims), ...idsOf(cause)]),
    )
    const known = new Map((await agents.findAll([...ids])).map((agent) => [agent.id, agent]))
    const isSeen = ({ agentId: id }: OtherAgent): boolean => {
      const agent = known.get(id)
      return agent !== undefined && access.decide(call.principal, 'discover', resourceOf(agent)).allow
    }
    return found
      .filter((alert) => mayRead(call, known.get(alert.agentId)))
      .map(({ cause, victims, ...alert }) => ({
        ...alert,
        victims: victims.filter(isSeen),
        ...(cause !== undefined && isSeen(cause) ? { cause } : {}),
      }))
  }

  async function* readable(
    call: Call,
    filter: AlertFilter,
    after?: AlertPosition,
  ): AsyncGenerator<StoredAlert> {
    for (let last = after; ; ) {
      call.signal.throwIfAborted()
      const batch = await alerts.listAlerts(filter, ALERTS_PER_READ, last)
      yield* await shown(call, batch)
      last = batch.at(-1)
      if (batch.length < ALERTS_PER_READ) return
    }
  }

  async function filterOf(
    { principal }: Call,
    { state, agent: ref, rule }: AlertQuery,
  ): Promise<AlertFilter> {
    const { tenant } = principal
    const named = ref === undefined ? undefined : await agents.findBySlug(tenant, ref)
    return {
      tenant,
      ...(ref === undefined ? {} : { agentId: named?.id ?? agentId(ref) }),
      ...(rule === undefined ? {} : { ruleId: rule }),
      ...(state === undefined ? {} : { isFiring: state === 'firing' }),
    }
  }

  return {
    async getAlert(call, id) {
      assertScope(call.principal, 'agents:write')
      const alert = await alerts.findAlert(id)
      const own = alert?.tenant === call.principal.tenant ? alert : undefined
      const [visible] = own === undefined ? [] : await shown(call, [own])
      if (visible !== undefined) return visible
      const cause = alert && new RefusalError(alert.tenant, { kind: 'agent', id: alert.agentId }, 'hidden')
      throw new ParleyError('not_found', 'Alert not found', { cause })
    },

    async listAlerts(call, query) {
      assertScope(call.principal, 'agents:write')
      const { limit, cursor } = query
      const filter = await filterOf(call, query)
      const { tenant, subject, agents: only } = call.principal
      const binding = ['alerts', tenant, subject, only === undefined ? 'all' : [...only].sort(), filter]
      const after = cursor === undefined ? undefined : positionIn(cursors.decode(cursor, binding))
      return readPage((last?: AlertPosition) => readable(call, filter, last), {
        limit,
        after,
        cursorOf: ({ startsAt, id }) => cursors.encode([startsAt, id], binding),
      })
    },
  }
}

const idsOf = (others: readonly OtherAgent[] | OtherAgent | undefined) =>
  [others ?? []].flat().map((other) => other.agentId)

/** Cursors are made by us alone. */
function positionIn(position: unknown): AlertPosition {
  const [startsAt, id] = Array.isArray(position) ? position : []
  return { startsAt: Number(startsAt), id: String(id) }
}
