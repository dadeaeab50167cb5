/** What access has besides keys. `key_uses` is written far more often than its key changes. */
export const access = `
  CREATE TABLE key_uses (
    key_id TEXT NOT NULL PRIMARY KEY,
    at INTEGER NOT NULL
  ) STRICT, WITHOUT ROWID;

  CREATE TABLE signing_keys (
    use TEXT NOT NULL PRIMARY KEY,
    version INTEGER NOT NULL,
    ring TEXT NOT NULL
  ) STRICT, WITHOUT ROWID;
`
