/**
 * Which agents have which addresses, by their rows in `agents`; filled as every agent is listed anew when the file is
 * opened. Removed agents stand apart from those that are there: nothing but their tasks and their cards is asked of
 * them.
 */
export const claims = `
  CREATE TABLE address_claims (
    tenant TEXT NOT NULL,
    address TEXT NOT NULL,
    n INTEGER NOT NULL,
    PRIMARY KEY (tenant, address, n)
  ) STRICT, WITHOUT ROWID;
  CREATE INDEX claims_by_agent ON address_claims (n);

  CREATE TABLE unregistered_agents (
    id TEXT NOT NULL PRIMARY KEY,
    keeps_credentials INTEGER NOT NULL,
    agent TEXT NOT NULL
  ) STRICT, WITHOUT ROWID;
`
