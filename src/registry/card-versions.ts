import type { Call } from '../access/principal.ts'
import { ParleyError } from '../errors.ts'
import { type Agent, cardOf } from './agent.ts'
import type { CardVersion, CardVersionInfo } from './card-version.ts'
import { type CardChange, type ComparedCard, compareCards } from './compare-cards.ts'
import { type FindDeps, getEvenRemoved } from './find-agent.ts'
import type { Registry } from './registry.ts'
import { validateCard } from './validate-card.ts'

/** The cards that an agent has had, for those who may manage it: they hold what the published card does not say. */
export function createCardVersions(
  deps: FindDeps,
): Pick<Registry, 'listCardVersions' | 'getCardVersion' | 'compareCardVersions'> {
  const versionOf = async ({ id }: Agent, number: number): Promise<CardVersion> => {
    const version = await deps.agents.findVersion(id, number)
    if (version !== undefined) return version
    throw new ParleyError('not_found', `The agent has no card with the number ${number}, or no more`)
  }

  return {
    async listCardVersions(call, ref): Promise<readonly CardVersionInfo[]> {
      return deps.agents.listVersions((await getEvenRemoved(deps, call, ref)).id)
    },
    async getCardVersion(call, ref, number) {
      return versionOf(await getEvenRemoved(deps, call, ref), number)
    },
    async compareCardVersions(call: Call, ref, since, number): Promise<readonly CardChange[]> {
      const agent = await getEvenRemoved(deps, call, ref)
      const [before, after] = [await versionOf(agent, since), await versionOf(agent, number)]
      return compareCards(compared(before), compared(after))
    },
  }
}

/** Its card was valid when it was registered; what rules have been added since is not asked. */
const compared = ({ originalCard, signatures }: CardVersion): ComparedCard => ({
  card: cardOf(validateCard(originalCard)),
  signatures,
})
