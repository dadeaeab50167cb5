import type { CardProposal } from '../../registry/drift/card-proposal.ts'
import { textIn } from './columns.ts'
import type { Connection } from './connection.ts'

const PUT = `
  INSERT INTO card_proposals (agent_id, info, card) VALUES (?, ?, ?)
  ON CONFLICT (agent_id) DO UPDATE SET info = excluded.info, card = excluded.card`
const FIND = 'SELECT info, card FROM card_proposals WHERE agent_id = ?'
const REMOVE = 'DELETE FROM card_proposals WHERE agent_id = ?'

/** Proposals of cards. Written in the transaction that writes the agent. */
export interface ProposalRows {
  put(proposal: CardProposal): void
  remove(agentId: string): void
  find(agentId: string): CardProposal | undefined
}

export const createProposalRows = (connection: Connection): ProposalRows => ({
  put({ originalCard, ...info }) {
    connection.run(PUT, info.agentId, JSON.stringify(info), originalCard)
  },
  remove(agentId) {
    connection.run(REMOVE, agentId)
  },
  find(agentId) {
    const row = connection.get(FIND, agentId)
    if (row === undefined) return undefined
    const info: Omit<CardProposal, 'originalCard'> = JSON.parse(textIn(row, 'info'))
    return { ...info, originalCard: textIn(row, 'card') }
  },
})
