import assert from 'node:assert/strict'
import { it } from 'node:test'
import { agentId, newUuid } from '../../a2a/ids.ts'
import { auditOf } from '../../access/audit/audit-record.ts'
import type { StoredAlert } from '../../alerts/alert-store.ts'
import type { Cases } from './describe-backend.ts'
import { sampleAlert, sampleRule, sampleWatch } from './sample-alert.ts'
import { T0 } from './sample-task.ts'

const idsOf = (found: readonly { readonly id: string }[]): readonly string[] => found.map(({ id }) => id)

const work = { kind: 'notify', key: 'alert-1:channel-1', lane: 'channel-1', dueAt: T0 } as const
const due = { kinds: ['notify', 'alert'] as const, limit: 10, now: T0, leaseMs: 1000, busyLanes: [] }

export const alertCases: Cases = ({ open, openAt, newPlace }) => {
  it('returns a rule, a watch and alerts as they were committed', async (t) => {
    const { alerts, work: queue, audit } = await open(t)
    const rule = sampleRule({ isMuted: true, maker: { ...sampleRule().maker, agents: ['agent-1'] } })
    const watch = sampleWatch({ held: [{ ruleId: rule.id, since: T0, alertId: 'a', toldAt: T0 }] })
    const alert = sampleAlert({ victims: [{ agentId: agentId('agent-2'), agentSlug: 'till' }] })
    const caller = {
      principal: { tenant: 'default', subject: 'key:alice', groups: [], scopes: new Set<never>() },
    }
    const record = auditOf(caller, 'rule.create', { kind: 'rule', id: rule.id }, T0)

    const result = await alerts.commit({
      rule: { rule, expectedVersion: 0 },
      watch: { watch, expectedVersion: 0 },
      alerts: [alert],
      work: [work],
      audit: [record],
    })

    assert.equal(result, 'committed')
    assert.deepEqual(await alerts.findRule(rule.id), rule)
    assert.deepEqual(await alerts.findWatch(watch.agentId), watch)
    assert.deepEqual(await alerts.findAlert(alert.id), alert)
    assert.deepEqual(
      (await queue.lease(due)).map(({ key }) => key),
      [work.key],
    )
    const entries = await audit.list({ tenant: 'default' }, 10)
    assert.deepEqual(
      entries.map(({ action }) => action),
      ['rule.create'],
    )
    assert.equal(await alerts.findRule('missing'), undefined)
    assert.equal(await alerts.findWatch(agentId('missing')), undefined)
    assert.equal(await alerts.findAlert('missing'), undefined)
  })

  it('writes nothing of a commit that is stale in any part, or whose lease is lost', async (t) => {
    const { alerts, work: queue } = await open(t)
    const rule = sampleRule()
    const watch = sampleWatch()
    const alert = sampleAlert()
    await alerts.commit({ rule: { rule, expectedVersion: 0 }, watch: { watch, expectedVersion: 0 } })
    const next = { rule: { ...rule, name: 'Other', version: 2 }, expectedVersion: 1 }
    const nextWatch = { watch: { ...watch, held: [], version: 2 }, expectedVersion: 1 }
    const parts = { alerts: [alert], work: [work] }
    const fence = { kind: 'alert', key: 'agent-1', token: 'never' } as const

    for (const [refused, reason] of [
      [{ ...parts, rule: { ...next, expectedVersion: 0 }, watch: nextWatch }, 'conflict'],
      [{ ...parts, rule: next, watch: { ...nextWatch, expectedVersion: 2 } }, 'conflict'],
      [{ ...parts, rule: next, watch: nextWatch, fence }, 'fenced'],
    ] as const) {
      assert.equal(await alerts.commit(refused), reason)
      assert.deepEqual(await alerts.findRule(rule.id), rule)
      assert.deepEqual(await alerts.findWatch(watch.agentId), watch)
      assert.equal(await alerts.findAlert(alert.id), undefined)
      assert.deepEqual(await queue.lease(due), [])
    }
    assert.equal(await alerts.commit({ ...parts, rule: next, watch: nextWatch }), 'committed')
  })

  it('takes a commit of who holds the lease', async (t) => {
    const { alerts, work: queue } = await open(t)
    await queue.put([{ kind: 'alert', key: 'agent-1', lane: 'alert', dueAt: T0 }])
    const [leased] = await queue.lease(due)
    assert.ok(leased)
    const fence = { kind: leased.kind, key: leased.key, token: leased.token }

    const result = await alerts.commit({ watch: { watch: sampleWatch(), expectedVersion: 0 }, fence })

    assert.equal(result, 'committed')
  })

  it('forgets rules and watches that are removed, and keeps their alerts', async (t) => {
    const { alerts } = await open(t)
    const rule = sampleRule()
    const watch = sampleWatch()
    const alert = sampleAlert({ ruleId: rule.id })
    const parts = { rule: { rule, expectedVersion: 0 }, watch: { watch, expectedVersion: 0 } }
    await alerts.commit({ ...parts, alerts: [alert] })

    await alerts.commit({
      rule: { rule, expectedVersion: 1, removed: true },
      watch: { watch, expectedVersion: 1, removed: true },
    })

    assert.equal(await alerts.findRule(rule.id), undefined)
    assert.equal(await alerts.findWatch(watch.agentId), undefined)
    assert.deepEqual(await alerts.listRules('default', 10), [])
    assert.deepEqual(await alerts.findAlert(alert.id), alert)
    assert.equal(await alerts.commit(parts), 'committed')
  })

  it('lists the rules of one tenant in pages by id, and by their targets', async (t) => {
    const { alerts } = await open(t)
    const all = sampleRule({ target: { kind: 'all' } })
    const shops = [sampleRule(), sampleRule(), sampleRule()]
    const others = [sampleRule({ tenant: 'other' }), sampleRule({ target: { kind: 'owner', owner: 'shop' } })]
    for (const rule of [all, ...shops, ...others]) await alerts.commit({ rule: { rule, expectedVersion: 0 } })

    const first = await alerts.listRules('default', 2)
    const rest = await alerts.listRules('default', 10, first.at(-1)?.id)
    const found = await alerts.listRulesFor('default', ['all', 'tag:shop', 'tag:none'], 10)
    const few = await alerts.listRulesFor('default', ['all', 'tag:shop'], 2)

    const own = [all, ...shops, ...others.slice(1)]
    assert.deepEqual(idsOf([...first, ...rest]), idsOf(own).toSorted())
    assert.deepEqual(idsOf(found).toSorted(), idsOf([all, ...shops]).toSorted())
    assert.equal(few.length, 3)
  })

  it('lists alerts from the one that began last, by agent, by rule and by whether they fire', async (t) => {
    const { alerts } = await open(t)
    const made = Array.from({ length: 6 }, (_, index) =>
      sampleAlert({
        startsAt: T0 + Math.floor(index / 2),
        agentId: agentId(index % 2 === 0 ? 'even' : 'odd'),
        ruleId: index < 3 ? 'early' : 'late',
        ...(index % 3 === 0 ? {} : { endsAt: T0 + 10 + index }),
      }),
    )
    const order = made.toSorted((a, b) => b.startsAt - a.startsAt || (a.id < b.id ? 1 : -1))
    await alerts.commit({ alerts: [...made, sampleAlert({ tenant: 'other' })] })
    const tenant = 'default'
    const filtered = (keep: (alert: StoredAlert) => boolean) => idsOf(order.filter(keep))

    const first = await alerts.listAlerts({ tenant }, 4)
    const rest = await alerts.listAlerts({ tenant }, 4, first.at(-1))

    assert.deepEqual([...first, ...rest], order)
    assert.deepEqual(
      idsOf(await alerts.listAlerts({ tenant, agentId: 'odd' }, 10)),
      filtered((alert) => alert.agentId === 'odd'),
    )
    assert.deepEqual(
      idsOf(await alerts.listAlerts({ tenant, ruleId: 'late', isFiring: false }, 10)),
      filtered((alert) => alert.ruleId === 'late' && alert.endsAt !== undefined),
    )
    assert.deepEqual(
      idsOf(await alerts.listAlerts({ tenant, isFiring: true }, 10)),
      filtered((alert) => alert.endsAt === undefined),
    )
  })

  it('removes alerts that ended long ago, so many at a time, and none that fires', async (t) => {
    const { alerts } = await open(t)
    const old = [1, 2, 3].map((endsAt) => sampleAlert({ endsAt: T0 + endsAt }))
    const kept = [sampleAlert(), sampleAlert({ endsAt: T0 + 10 })]
    await alerts.commit({ alerts: [...old, ...kept] })

    const counts = [
      await alerts.prune(T0 + 10, 2),
      await alerts.prune(T0 + 10, 2),
      await alerts.prune(T0 + 10, 2),
    ]

    assert.deepEqual(counts, [2, 1, 0])
    assert.deepEqual(
      idsOf(await alerts.listAlerts({ tenant: 'default' }, 10)).toSorted(),
      idsOf(kept).toSorted(),
    )
  })

  it('finds all of it again after it was closed, if it survives that', async (t) => {
    const place = newPlace()
    const before = await openAt(t, place)
    const rule = sampleRule({ id: newUuid() })
    const alert = sampleAlert({ ruleId: rule.id })
    const watch = sampleWatch()
    await before.alerts.commit({
      rule: { rule, expectedVersion: 0 },
      watch: { watch, expectedVersion: 0 },
      alerts: [alert],
    })
    await before[Symbol.asyncDispose]()

    const { alerts, capabilities } = await openAt(t, place)

    const { survivesRestart } = capabilities
    assert.deepEqual(await alerts.findRule(rule.id), survivesRestart ? rule : undefined)
    assert.deepEqual(await alerts.findWatch(watch.agentId), survivesRestart ? watch : undefined)
    assert.deepEqual(await alerts.findAlert(alert.id), survivesRestart ? alert : undefined)
  })
}
