import Type from 'typebox'
import { type AgentId, MAX_ID_LENGTH } from '../a2a/ids.ts'
import type { Call } from '../access/principal.ts'
import { ParleyError, type Violation } from '../errors.ts'
import type { Agent } from './agent.ts'
import { type FindDeps, findVisible, getAgent, resourceOf } from './find-agent.ts'
import type { Registration } from './registry.ts'

/** Agents that an agent may say it depends on. */
const MAX_DEPENDENCIES = 20

/** In the place of what there was; none when empty. */
export const DependenciesOption = Type.Array(Type.String({ minLength: 1, maxLength: MAX_ID_LENGTH }), {
  maxItems: MAX_DEPENDENCIES,
  description:
    'Ids or slugs of agents without which this one does not work, to find the root cause when it fails',
})

/** Ids of the agents that `refs` name, each once. Throws `code` for those that the caller does not see. */
export async function resolveDependencies(
  deps: FindDeps,
  call: Call,
  refs: readonly string[],
  code: 'invalid_registration' | 'invalid_params',
): Promise<readonly AgentId[]> {
  const ids = new Set<AgentId>()
  const unknown: Violation[] = []
  for (const [index, ref] of refs.entries()) {
    const agent = await findVisible(deps, call, ref)
    if (agent !== undefined) ids.add(agent.id)
    else
      unknown.push({
        pointer: `/dependsOn/${index}`,
        code: 'unknown',
        message: 'must be the id or slug of an agent that you see',
      })
  }
  const [first] = unknown
  if (first === undefined) return [...ids]
  throw new ParleyError(code, `${first.pointer} ${first.message}`, { violations: unknown })
}

/** Those of a registration; nothing when it says nothing of them. */
export async function dependenciesOf(
  deps: FindDeps,
  call: Call,
  { dependsOn: refs }: Registration,
): Promise<{ readonly dependsOn?: readonly AgentId[] }> {
  if (refs === undefined) return {}
  return { dependsOn: await resolveDependencies(deps, call, refs, 'invalid_registration') }
}

/** As `Registry.listDependencies`. */
export async function listDependencies(deps: FindDeps, call: Call, ref: string): Promise<readonly Agent[]> {
  const { dependsOn = [] } = await getAgent(deps, call, ref, 'discover')
  const found = await deps.agents.findAll(dependsOn)
  return found.filter((agent) => deps.access.decide(call.principal, 'discover', resourceOf(agent)).allow)
}
