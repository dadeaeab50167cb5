import { agentId, newUuid } from '../../a2a/ids.ts'
import type { AgentWatch } from '../../alerts/agent-watch.ts'
import type { StoredAlert } from '../../alerts/alert-store.ts'
import type { AlertRule } from '../../alerts/rule.ts'
import { T0 } from './sample-task.ts'

export const sampleRule = (changes: Partial<AlertRule> = {}): AlertRule => ({
  id: newUuid(),
  tenant: 'default',
  version: 1,
  name: 'Shop is down',
  severity: 'critical',
  target: { kind: 'tag', tag: 'shop' },
  condition: { kind: 'state', state: 'down', forMs: 120_000 },
  channels: ['channel-1'],
  repeatMs: 0,
  maker: { subject: 'key:alice', groups: [], isAdmin: false },
  createdAt: T0,
  updatedAt: T0,
  ...changes,
})

export const sampleAlert = (changes: Partial<StoredAlert> = {}): StoredAlert => ({
  id: newUuid(),
  tenant: 'default',
  ruleId: 'rule-1',
  ruleName: 'Shop is down',
  severity: 'critical',
  agentId: agentId('agent-1'),
  agentSlug: 'shop',
  summary: 'shop is down',
  startsAt: T0,
  victims: [],
  news: 1,
  channels: ['channel-1'],
  ...changes,
})

export const sampleWatch = (changes: Partial<AgentWatch> = {}): AgentWatch => ({
  agentId: agentId('agent-1'),
  tenant: 'default',
  version: 1,
  state: 'down',
  held: [{ ruleId: 'rule-1', since: T0 }],
  ...changes,
})
