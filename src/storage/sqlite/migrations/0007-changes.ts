/** The change feed. Transactions that write follow one another, so ids are in the order of commits; none is used twice. */
export const changes = `
  CREATE TABLE changes (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    tenant TEXT NOT NULL,
    at INTEGER NOT NULL,
    change TEXT NOT NULL
  ) STRICT;
  CREATE INDEX changes_by_tenant ON changes (tenant, id);

  CREATE TABLE removed_agents (
    agent_id TEXT PRIMARY KEY,
    tenant TEXT NOT NULL,
    change_id INTEGER NOT NULL
  ) STRICT, WITHOUT ROWID;
  CREATE INDEX removed_agents_by_change ON removed_agents (change_id);

  CREATE TABLE pruned_changes (
    tenant TEXT PRIMARY KEY,
    id INTEGER NOT NULL
  ) STRICT, WITHOUT ROWID;
`
