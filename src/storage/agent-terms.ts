import { isObject } from '../a2a/json-object.ts'
import type { Agent } from '../registry/agent.ts'
import type { AgentFilter } from '../registry/agent-store.ts'

/** What an agent is searched by. */
export type AgentTerms = {
  /** Name and slug, folded. */
  readonly names: string
  readonly skills: readonly string[]
  readonly capabilities: readonly string[]
}

/** Text as it is compared when case does not matter. */
export const fold = (text: string): string => text.toLowerCase()

/** A card is JSON that was checked when it was registered; whatever it lacks is simply not found. */
export function termsOf(agent: Agent): AgentTerms {
  const card: unknown = JSON.parse(agent.card)
  const skills = memberOf(card, 'skills')
  const capabilities = memberOf(card, 'capabilities')
  const ids = Array.isArray(skills) ? skills.map((skill: unknown) => memberOf(skill, 'id')) : []
  return {
    names: `${fold(String(memberOf(card, 'name') ?? ''))}\n${fold(agent.slug)}`,
    skills: [...new Set(ids.filter((id) => typeof id === 'string'))],
    capabilities: isObject(capabilities)
      ? Object.entries(capabilities).flatMap(([name, value]) => (value === true ? [name] : []))
      : [],
  }
}

/** AND across filters, OR within one; a filter given as an empty list matches nothing. */
export function matches(filter: AgentFilter, agent: Agent, terms: AgentTerms): boolean {
  return (
    agent.tenant === filter.tenant &&
    (filter.ids?.includes(agent.id) ?? true) &&
    (filter.names?.some((name) => terms.names.includes(fold(name))) ?? true) &&
    (filter.skills?.some((skill) => terms.skills.includes(skill)) ?? true) &&
    (filter.capabilities?.some((name) => terms.capabilities.includes(name)) ?? true) &&
    (filter.owners?.includes(agent.owner) ?? true)
  )
}

const memberOf = (value: unknown, name: string): unknown => (isObject(value) ? value[name] : undefined)
