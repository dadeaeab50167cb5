import { newUuid } from '../a2a/ids.ts'
import { createCursors } from '../access/page-cursor.ts'
import type { Principal } from '../access/principal.ts'
import type { Agent } from '../registry/agent.ts'
import type { AgentHealth, Check, HealthState } from '../registry/health/agent-health.ts'
import { as, cardText, cardValue, type OpenRegistry, openRegistry } from '../registry/open-registry.case.ts'
import { silentEvents } from '../telemetry/events.ts'
import { alertWork } from '../work/agent-work.ts'
import { LeaseLost } from '../work/work.ts'
import type { LeasedWork } from '../work/work-queue.ts'
import type { StoredAlert } from './alert-store.ts'
import type { Alerts } from './alerts.ts'
import type { StoredChannel } from './channel.ts'
import { createAlerts } from './create-alerts.ts'
import type { AlertRule } from './rule.ts'
import { parseRule } from './rule-body.ts'
import { type RunAlertDeps, runAlert } from './run-alert.ts'

export const ada = as('key:ada')
export const eve = as('key:eve')
export const admin = as('key:root', { scopes: new Set(['admin']) })
export const limitedTo = (...agents: readonly Agent[]): Partial<Principal> => ({
  agents: new Set(agents.map(({ id }) => id)),
})

export const MINUTE = 60_000

export type OpenAlerts = OpenRegistry & {
  readonly alerts: Alerts
  readonly deps: RunAlertDeps
  /** Business events, in words. */
  readonly told: readonly string[]
  /** Registers an agent whose one skill has these tags. */
  readonly agent: (slug: string, more?: object, call?: typeof ada) => Promise<Agent>
  /** Makes a rule; it watches all agents and fires once one is down for 2 minutes, unless it says otherwise. */
  readonly rule: (more?: object, call?: typeof ada) => Promise<AlertRule>
  /** What is known of an agent's health from now on; then, what is due is done. */
  readonly be: (state: HealthState, ...agents: readonly Agent[]) => Promise<void>
  readonly know: (agent: Agent, health: Partial<AgentHealth>, checks?: readonly Check[]) => Promise<void>
  /** Moves the clock on, a minute at a time, doing what is due. */
  readonly pass: (ms?: number) => Promise<void>
  /** The alerts there are, the first first: `<slug> firing` or `<slug> <why it ended>`, with its victims in brackets. */
  readonly seen: (call?: typeof ada) => Promise<readonly string[]>
  readonly all: (call?: typeof ada) => Promise<readonly StoredAlert[]>
  /** Which channels are to be told of which news since the last time this was read: `<slug> → <channel>`. */
  readonly notified: () => Promise<readonly string[]>
  readonly lease: () => Promise<LeasedWork | undefined>
}

const channelOf = (id: string): StoredChannel => {
  const owner = `key:${id.split('-')[0]}`
  const facts = { tenant: 'default', name: id, kind: 'slack', createdAt: 0, sealed: '', version: 1 } as const
  return { id, owner, createdBy: owner, ...facts }
}

/** Rules and alerts over the memory backend; a channel's id begins with its owner's name. */
export async function openAlerts(): Promise<OpenAlerts> {
  const room = await openRegistry()
  const { registry, access, backend, clock, work: queue } = room
  const { agents, alerts: store, health } = backend
  const now = () => clock.now
  const told: string[] = []
  const cursors = createCursors(Buffer.alloc(32, 7))
  const alerts = createAlerts({
    alerts: store,
    agents,
    access,
    channels: { find: async (id) => channelOf(id) },
    cursors,
    now,
    newId: newUuid,
  })
  const events = {
    ...silentEvents,
    alertFired: ({ agentSlug, severity }: { agentSlug: string; severity: string }) =>
      told.push(`${severity} ${agentSlug} fired`),
    alertResolved: ({ agentSlug, reason }: { agentSlug: string; reason: string }) =>
      told.push(`${agentSlug} ${reason}`),
  }
  const deps: RunAlertDeps = { alerts: store, agents, access, health, queue, now, newId: newUuid, events }

  const lease = async (): Promise<LeasedWork | undefined> => {
    const [work] = await queue.lease({
      kinds: ['alert'],
      limit: 1,
      now: clock.now,
      leaseMs: MINUTE,
      busyLanes: [],
    })
    return work
  }

  const runDue = async (): Promise<void> => {
    for (let work = await lease(); work !== undefined; work = await lease()) {
      try {
        const { signal } = new AbortController()
        const result = await runAlert(deps, { work, reserved: false, signal, setResumable() {} })
        if (result.kind !== 'done') await queue.postpone(work, result.dueAt)
      } catch (reason) {
        if (!(reason instanceof LeaseLost)) throw reason
      }
    }
  }

  const know: OpenAlerts['know'] = async ({ id, tenant }, facts, checks = []) => {
    const before = await health.find(id)
    const state = facts.state ?? before?.state ?? 'unknown'
    const known = {
      agentId: id,
      tenant,
      state,
      since: before?.state === state ? before.since : clock.now,
      checks: [],
      accountedAt: clock.now,
      streak: 0,
      changedAt: [],
      ...facts,
      version: (before?.version ?? 0) + 1,
    }
    await health.commit({
      health: known,
      expectedVersion: known.version - 1,
      checks,
      buckets: [],
      work: [alertWork(id, clock.now)],
    })
  }

  const all = async (call = admin) => {
    const { items } = await alerts.listAlerts(call, { limit: 100 })
    return items.toReversed()
  }

  return {
    ...room,
    alerts,
    deps,
    told,
    lease,
    know,
    all,
    async agent(slug, more = {}, call = ada) {
      const { tags = ['shop'], ...options } = more as { readonly tags?: readonly string[] }
      const skills = cardValue.skills.map((skill) => ({ ...skill, tags }))
      const [first] = cardValue.supportedInterfaces
      const supportedInterfaces = [{ ...first, url: `https://${slug}.example/a2a` }]
      const card = cardText({ skills, supportedInterfaces })
      const { agent } = await registry.register(call, { card, slug, ...options })
      await runDue()
      return agent
    },
    async rule(more = {}, call = ada) {
      const asked = {
        name: 'Down',
        severity: 'critical',
        target: { all: true },
        condition: { state: 'down', forMs: 2 * MINUTE },
        channels: [`${call.principal.subject.replace('key:', '')}-1`],
        ...more,
      }
      const rule = await alerts.createRule(call, parseRule(JSON.stringify(asked)))
      await runDue()
      return rule
    },
    async be(state, ...those) {
      for (const agent of those) await know(agent, { state })
      await runDue()
    },
    async pass(ms = MINUTE) {
      const end = clock.now + ms
      while (clock.now < end) {
        clock.now = Math.min(clock.now + MINUTE, end)
        await runDue()
      }
    },
    async seen(call = admin) {
      return (await all(call)).map(({ agentSlug, endsAt, endReason, victims }) => {
        const names = victims.map((victim) => victim.agentSlug).toSorted()
        const standsFor = names.length === 0 ? '' : ` [${names.join(' ')}]`
        return `${agentSlug} ${endsAt === undefined ? 'firing' : endReason}${standsFor}`
      })
    },
    async notified() {
      const due = { kinds: ['notify'] as const, limit: 100, now: clock.now, leaseMs: MINUTE, busyLanes: [] }
      const works = await queue.lease(due)
      const words: string[] = []
      for (const work of works) {
        const alert = await store.findAlert(work.key.slice(0, work.key.lastIndexOf(':')))
        words.push(
          `${alert?.agentSlug} ${alert?.endsAt === undefined ? 'firing' : 'resolved'} → ${work.lane}`,
        )
        await queue.finish(work)
      }
      return words.toSorted()
    },
  }
}
