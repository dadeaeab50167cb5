/** Cards as publishers sent them. What lists show of a version stands apart from its card, which may be large. */
export const cardVersions = `
  CREATE TABLE card_versions (
    id INTEGER PRIMARY KEY,
    agent_id TEXT NOT NULL,
    number INTEGER NOT NULL,
    info TEXT NOT NULL,
    card TEXT NOT NULL,
    UNIQUE (agent_id, number)
  ) STRICT;
`
