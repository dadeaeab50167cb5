import { agentId } from '../a2a/ids.ts'
import type { Alert } from './alert.ts'
import type { Channel } from './channel.ts'

/** What is sent to see whether a channel works. It is about no agent, and nobody is told that it ends. */
export const testAlert = (id: string, { id: channelId, tenant, name }: Channel, now: number): Alert => ({
  id,
  tenant,
  ruleId: `test-${channelId}`,
  ruleName: 'Test of an alert channel',
  severity: 'info',
  agentId: agentId('parley-test'),
  agentSlug: 'parley-test',
  summary: `This is a test of the channel ${JSON.stringify(name)}. Nothing is wrong.`,
  startsAt: now,
  victims: [],
  isTest: true,
})
