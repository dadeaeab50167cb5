import { ParleyError } from '../../errors.ts'
import type { Agent } from '../../registry/agent.ts'
import type { AgentCondition } from '../../registry/change-agent.ts'
import type { HeaderSource } from '../exchange.ts'

/**
 * The entity tag of an agent: another for every change that was made to it, the same however often it beats. Strong, for the
 * next change to be made only to what the client knows.
 */
export const agentTag = ({ id, version }: Pick<Agent, 'id' | 'version'>): string => `"${id}-${version}"`

const ENTITY_TAGS = /^\s*(?:W\/)?"[^"]*"(?:\s*,\s*(?:W\/)?"[^"]*")*\s*$/

/**
 * What a request's `If-Match` asks of an agent, `undefined` without one; weak tags match nothing (RFC 9110 §13.1.1). Throws
 * `invalid_request` for what is no list of entity tags: a condition that was meant is never left out.
 */
export function ifMatch(request: HeaderSource): AgentCondition | undefined {
  const text = request.header('if-match')
  if (text === undefined || text.trim() === '*') return undefined
  if (!ENTITY_TAGS.test(text)) {
    throw new ParleyError(
      'invalid_request',
      'If-Match must be * or ETags as they came, each in double quotes',
    )
  }
  const tags = new Set(text.split(',').map((tag) => tag.trim()))
  return (agent) => tags.has(agentTag(agent))
}
