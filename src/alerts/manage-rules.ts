import type { NewId } from '../a2a/ids.ts'
import { invalidParams } from '../a2a/wire.ts'
import type { Access } from '../access/access.ts'
import { assertScope } from '../access/assert-scope.ts'
import { type AuditAction, type AuditRecord, auditOf } from '../access/audit/audit-record.ts'
import { RefusalError } from '../access/audit/refusal.ts'
import type { Cursors } from '../access/page-cursor.ts'
import { type Call, hasScope } from '../access/principal.ts'
import { fullSubject } from '../access/subject.ts'
import { untilCommitted } from '../access/until-committed.ts'
import { ParleyError } from '../errors.ts'
import type { AgentStore } from '../registry/agent-store.ts'
import { getAgent } from '../registry/find-agent.ts'
import { fold } from '../registry/search/words.ts'
import type { AlertStore } from './alert-store.ts'
import type { Alerts } from './alerts.ts'
import type { ChannelStore } from './channel-store.ts'
import { isTheirs } from './channels.ts'
import { readPage } from './read-page.ts'
import { type AlertRule, MAX_RULES_PER_TARGET, type RuleMaker, type RuleTarget, targetKey } from './rule.ts'
import type { AskedRule } from './rule-body.ts'
import { ruleWork } from './wake-watchers.ts'

export type ManageRulesDeps = {
  readonly alerts: AlertStore
  readonly agents: AgentStore
  readonly access: Access
  readonly channels: Pick<ChannelStore, 'find'>
  readonly cursors: Cursors
  readonly now: () => number
  readonly newId: NewId
}

const RULES_PER_READ = 100
/** Of the rules for one target, those of one maker. */
const MAX_RULES_OF_MAKER = 20

/** What is done to rules by callers. They are seen and changed by who made them, and by admins. */
export function manageRules(
  deps: ManageRulesDeps,
): Pick<Alerts, 'createRule' | 'updateRule' | 'deleteRule' | 'getRule' | 'listRules'> {
  const { alerts, cursors, now, newId } = deps

  const getRule = async (call: Call, id: string): Promise<AlertRule> => {
    assertScope(call.principal, 'agents:write')
    const rule = await alerts.findRule(id)
    if (rule !== undefined && mayManage(call, rule)) return rule
    const cause = rule && new RefusalError(rule.tenant, { kind: 'rule', id }, 'hidden')
    throw new ParleyError('not_found', 'Rule not found', { cause })
  }

  async function* visible(call: Call, afterId?: string): AsyncGenerator<AlertRule> {
    for (let last = afterId; ; ) {
      call.signal.throwIfAborted()
      const batch = await alerts.listRules(call.principal.tenant, RULES_PER_READ, last)
      for (const rule of batch) if (mayManage(call, rule)) yield rule
      last = batch.at(-1)?.id
      if (batch.length < RULES_PER_READ) return
    }
  }

  const write = (
    call: Call,
    rule: AlertRule,
    action: AuditAction,
    removed = false,
  ): Promise<AlertRule | undefined> =>
    alerts
      .commit({
        rule: { rule, expectedVersion: rule.version - 1, removed },
        work: [ruleWork(rule, now())],
        audit: [recordOf(call, rule, action, now())],
      })
      .then((result) => (result === 'committed' ? rule : undefined))

  return {
    getRule,

    async createRule(call, asked) {
      assertScope(call.principal, 'agents:write')
      const target = await targetOf(deps, call, asked)
      await assertUsable(deps, call, asked.channels)
      const at = now()
      const id = newId()
      const { tenant } = call.principal
      const rule = {
        id,
        tenant,
        version: 1,
        ...contentsOf(asked, target),
        maker: makerOf(call),
        createdAt: at,
        updatedAt: at,
      }
      await assertRoom(alerts, rule)
      const made = await write(call, rule, 'rule.create')
      if (made !== undefined) return made
      throw new ParleyError('conflict', 'The rule could not be made; try again')
    },

    updateRule: (call, id, asked) =>
      untilCommitted('The rule', async () => {
        const before = await getRule(call, id)
        const target = await targetOf(deps, call, asked)
        await assertUsable(deps, call, asked.channels, before.channels)
        const isOwn = before.maker.subject === call.principal.subject
        const rule = {
          id,
          tenant: before.tenant,
          version: before.version + 1,
          ...contentsOf(asked, target),
          maker: isOwn ? makerOf(call) : before.maker,
          createdAt: before.createdAt,
          updatedAt: Math.max(now(), before.updatedAt),
        }
        if (targetKey(target) !== targetKey(before.target)) await assertRoom(alerts, rule)
        return write(call, rule, 'rule.update')
      }),

    async deleteRule(call, id) {
      await untilCommitted('The rule', async () => {
        const before = await getRule(call, id)
        return write(call, { ...before, version: before.version + 1 }, 'rule.delete', true)
      })
    },

    async listRules(call, { limit, cursor }) {
      assertScope(call.principal, 'agents:write')
      const { tenant, subject, agents } = call.principal
      const binding = ['rules', tenant, subject, agents === undefined ? 'all' : [...agents].sort()]
      const afterId = cursor === undefined ? undefined : String(cursors.decode(cursor, binding))
      return readPage((last?: string) => visible(call, last), {
        limit,
        after: afterId,
        cursorOf: ({ id }) => cursors.encode(id, binding),
      })
    },
  }
}

/** A credential that is limited to some agents reaches the rules for just these. */
function mayManage({ principal }: Call, { tenant, target, maker }: AlertRule): boolean {
  const { agents } = principal
  if (tenant !== principal.tenant) return false
  if (agents !== undefined && !(target.kind === 'agent' && agents.has(target.agent))) return false
  return maker.subject === principal.subject || hasScope(principal, 'admin')
}

const makerOf = ({ principal }: Call): RuleMaker => ({
  subject: principal.subject,
  groups: principal.groups,
  isAdmin: hasScope(principal, 'admin'),
  ...(principal.agents === undefined ? {} : { agents: [...principal.agents] }),
})

const contentsOf = (asked: AskedRule, target: RuleTarget) => ({
  name: asked.name,
  severity: asked.severity,
  target,
  condition: asked.condition,
  channels: asked.channels,
  repeatMs: asked.repeatMs,
  ...(asked.isMuted ? { isMuted: true as const } : {}),
})

async function targetOf(deps: ManageRulesDeps, call: Call, { target }: AskedRule): Promise<RuleTarget> {
  const { agent: ref, tag, owner } = target
  if (tag !== undefined) return { kind: 'tag', tag: fold(tag) }
  if (owner !== undefined) return { kind: 'owner', owner: fullSubject(owner) }
  if (ref === undefined) return { kind: 'all' }
  try {
    return { kind: 'agent', agent: (await getAgent(deps, call, ref, 'manage')).id }
  } catch (reason) {
    if (!(reason instanceof ParleyError) || reason.code !== 'agent_not_found') throw reason
    const message = 'must be the id or slug of an agent that you may manage'
    throw invalidParams([{ pointer: '/target/agent', code: 'unknown', message }])
  }
}

/** Those that the rule told `before` stay usable. */
async function assertUsable(
  { channels }: ManageRulesDeps,
  { principal }: Call,
  ids: readonly string[],
  before: readonly string[] = [],
): Promise<void> {
  const found = await Promise.all(ids.map((id) => channels.find(id)))
  const unusable = ids.flatMap((id, index) => {
    const channel = found[index]
    const isUsable = channel !== undefined && isTheirs(principal, channel)
    return isUsable || before.includes(id) ? [] : index
  })
  if (unusable.length === 0) return
  throw invalidParams(
    unusable.map((index) => ({
      pointer: `/channels/${index}`,
      code: 'unknown',
      message: 'must be the id of a channel that you may use',
    })),
  )
}

async function assertRoom(alerts: AlertStore, { tenant, target, maker }: AlertRule): Promise<void> {
  const others = await alerts.listRulesFor(tenant, [targetKey(target)], MAX_RULES_PER_TARGET)
  const own = others.filter((other) => other.maker.subject === maker.subject)
  if (others.length < MAX_RULES_PER_TARGET && own.length < MAX_RULES_OF_MAKER) return
  throw new ParleyError(
    'conflict',
    'There are too many rules for this target: delete some that are not needed',
  )
}

function recordOf(call: Call, rule: AlertRule, action: AuditAction, at: number): AuditRecord {
  const { id, name, severity, target, condition, maker } = rule
  return auditOf(call, action, { kind: 'rule', id }, at, {
    details: {
      name,
      severity,
      condition: condition.kind,
      target: target.kind,
      ...(target.kind === 'agent' ? { agent: target.agent } : {}),
      channels: String(rule.channels.length),
    },
    subjects: { maker: maker.subject, ...(target.kind === 'owner' ? { owner: target.owner } : {}) },
  })
}
