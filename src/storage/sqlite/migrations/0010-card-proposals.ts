/** The card that waits to become an agent's. It stands apart from the agent, because it may be large. */
export const cardProposals = `
  CREATE TABLE card_proposals (
    agent_id TEXT PRIMARY KEY,
    info TEXT NOT NULL,
    card TEXT NOT NULL
  ) STRICT;
`
