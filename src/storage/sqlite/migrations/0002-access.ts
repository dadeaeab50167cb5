/**
 * What access has besides keys. `key_uses` is written far more often than its key changes.
 * `contexts_by_agent` tells with which agents an owner has anything, so that lists can leave out those it lost its rights to.
 *
 * The audit log is clustered by chain, so that a chain is read, checked and pruned in one walk; `first_at` says which
 * chains have anything to prune.
 */
export const access = `
  CREATE INDEX contexts_by_agent ON contexts (tenant, owner, agent_id);

  CREATE TABLE key_uses (
    key_id TEXT NOT NULL PRIMARY KEY,
    at INTEGER NOT NULL
  ) STRICT, WITHOUT ROWID;

  CREATE TABLE signing_keys (
    use TEXT NOT NULL PRIMARY KEY,
    version INTEGER NOT NULL,
    ring TEXT NOT NULL
  ) STRICT, WITHOUT ROWID;

  CREATE TABLE audit (
    tenant TEXT NOT NULL,
    writer TEXT NOT NULL,
    n INTEGER NOT NULL,
    at INTEGER NOT NULL,
    principal TEXT NOT NULL,
    action TEXT NOT NULL,
    target_kind TEXT NOT NULL,
    target_id TEXT NOT NULL,
    outcome TEXT NOT NULL,
    entry TEXT NOT NULL,
    PRIMARY KEY (tenant, writer, n)
  ) STRICT, WITHOUT ROWID;
  CREATE INDEX audit_by_time ON audit (tenant, at, writer, n);
  CREATE INDEX audit_by_principal ON audit (tenant, principal, at, writer, n);
  CREATE INDEX audit_by_target ON audit (tenant, target_kind, target_id, at, writer, n);

  CREATE TABLE audit_chains (
    tenant TEXT NOT NULL,
    writer TEXT NOT NULL,
    n INTEGER NOT NULL,
    hash TEXT NOT NULL,
    at INTEGER NOT NULL,
    first_at INTEGER NOT NULL,
    PRIMARY KEY (tenant, writer)
  ) STRICT, WITHOUT ROWID;

  CREATE TABLE audit_names (
    pseudonym TEXT NOT NULL PRIMARY KEY,
    tenant TEXT NOT NULL,
    subject TEXT NOT NULL,
    kind TEXT NOT NULL,
    text TEXT NOT NULL,
    salt TEXT NOT NULL,
    last_at INTEGER NOT NULL,
    UNIQUE (tenant, subject, kind, text)
  ) STRICT, WITHOUT ROWID;

  CREATE TABLE credentials (
    agent_id TEXT NOT NULL,
    scheme TEXT NOT NULL,
    version INTEGER NOT NULL,
    credential TEXT NOT NULL,
    PRIMARY KEY (agent_id, scheme)
  ) STRICT, WITHOUT ROWID;
`
