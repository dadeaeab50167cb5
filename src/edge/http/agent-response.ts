import type { Call } from '../../access/principal.ts'
import type { Agent } from '../../registry/agent.ts'
import { resourceOf } from '../../registry/find-agent.ts'
import { agentView } from '../../registry/views.ts'
import type { EdgeDeps } from '../app-deps.ts'
import { agentTag } from './agent-tag.ts'
import { jsonResponse } from './json-response.ts'

/** The agents as the API shows them to this caller, in their order. */
export async function agentTexts(
  { registry, access, now, addresses }: EdgeDeps,
  { principal }: Call,
  agents: readonly Agent[],
): Promise<string[]> {
  const healths = await registry.healthOf(agents)
  const around = { now: now(), addresses: addresses() }
  return agents.map((agent, index) => {
    const health = healths[index] ?? { state: 'unknown' }
    const mayManage = access.decide(principal, 'manage', resourceOf(agent)).allow
    return JSON.stringify(agentView(agent, { ...around, health, mayManage }))
  })
}

/** An agent as the API shows it to this caller, with its `ETag`. */
export async function agentResponse(
  deps: EdgeDeps,
  call: Call,
  agent: Agent,
  status = 200,
  headers: Readonly<Record<string, string>> = {},
): Promise<Response> {
  const [text = ''] = await agentTexts(deps, call, [agent])
  return jsonResponse(text, call.requestId, status, { ...headers, etag: agentTag(agent) })
}
