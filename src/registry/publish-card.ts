import { createHash } from 'node:crypto'
import type { AgentCard } from '../a2a/agent-card.ts'
import type { JsonText } from '../a2a/json-text.ts'
import { encodeCard, supersetCard } from '../a2a/v0_3/agent-card.ts'
import { createRecent } from '../access/recent.ts'
import type { Signer } from '../access/service-identity/signer.ts'
import type { Agent, CardProfile } from './agent.ts'
import { composeCard } from './compose-card.ts'
import { presentCard } from './present-card.ts'
import type { PublicAddresses } from './public-addresses.ts'
import { keySetUrl } from './public-urls.ts'
import { signCard } from './signatures/sign-card.ts'

/** A card as we serve it. */
export type PublishedCard = {
  /** Signed. A signature is never the same twice, so two processes hold different texts of equal cards. */
  readonly text: string
  /** The same for equal cards, whoever signed them and when. */
  readonly digest: string
  /** When the card last became another, in milliseconds since the Unix epoch. */
  readonly modifiedAt: number
}

export type PublisherDeps = {
  readonly addresses: () => PublicAddresses
  /** Signs cards, with the key whose turn it is. */
  readonly cardSigner: () => Promise<Signer>
  readonly now: () => number
}

export type Publisher = {
  /** The card of an agent in a form, made and signed once. */
  readonly publish: (agent: Agent, form: CardProfile) => Promise<PublishedCard>
  /** As `publish`, of another text than the agent's own card, and not remembered. */
  readonly publishText: (agent: Agent, card: JsonText<AgentCard>, form: CardProfile) => Promise<PublishedCard>
}

const MAX_REMEMBERED_CHARACTERS = 32 * 1024 * 1024

export function createPublisher({ addresses, cardSigner, now }: PublisherDeps): Publisher {
  const made = createRecent<PublishedCard>({
    maxSize: MAX_REMEMBERED_CHARACTERS,
    sizeOf: ({ text }) => text.length,
    maxAgeMs: Number.POSITIVE_INFINITY,
    now,
  })
  // Addresses may have changed with the process, and no agent knows of it.
  const startedAt = now()

  const signedWith = (signer: Signer, agent: Agent, card: JsonText<AgentCard>, form: CardProfile) => {
    const at = addresses()
    const keysUrl = keySetUrl(at.http)
    const unsigned = inForm(composeCard(agent, at, card), form)
    const text = signCard(unsigned, signer, { keysUrl, isLegacy: form === 'v0.3' })
    const digest = createHash('sha256').update(`${signer.keyId} ${keysUrl} ${unsigned}`).digest('base64url')
    return { text, digest, modifiedAt: Math.max(agent.updatedAt, startedAt, signer.signsFrom) }
  }

  return {
    publishText: async (agent, card, form) => signedWith(await cardSigner(), agent, card, form),
    async publish(agent, form) {
      const signer = await cardSigner()
      const key = JSON.stringify([agent.id, agent.version, form, addresses(), signer.keyId])
      const known = made.get(key)
      if (known !== undefined) return known
      const card = signedWith(signer, agent, agent.card, form)
      made.set(key, card)
      return card
    },
  }
}

/** A card for readers of both versions keeps what neither knows; one that must be exactly theirs cannot. */
function inForm(card: JsonText<AgentCard>, form: CardProfile): string {
  switch (form) {
    case 'v1':
      return presentCard(card, 'drop')
    case 'v0.3':
      return encodeCard(presentCard(card, 'drop'))
    case 'superset':
      return supersetCard(card)
  }
}
