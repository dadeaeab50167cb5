/**
 * How agents are found. `agent_text` holds words and, as words of their own, terms and the tenant, so that one query joins
 * them all; it keeps no text, and its rows are those of `agents.n`. `agent_listings.form` says which way of listing an agent a
 * row was made in: rows of another one are made anew when the file is opened.
 */
export const search = `
  DROP TABLE agent_terms;
  DROP INDEX agents_by_name;
  ALTER TABLE agents DROP COLUMN names;

  CREATE TABLE agent_listings (
    n INTEGER PRIMARY KEY,
    form INTEGER NOT NULL,
    id TEXT NOT NULL,
    tenant TEXT NOT NULL,
    owner TEXT NOT NULL,
    visibility TEXT NOT NULL,
    enabled INTEGER NOT NULL,
    name_key TEXT NOT NULL,
    updated_at INTEGER NOT NULL,
    ttl INTEGER NOT NULL,
    words TEXT NOT NULL,
    grants TEXT,
    names TEXT NOT NULL,
    terms TEXT NOT NULL
  ) STRICT;
  CREATE INDEX listings_by_id ON agent_listings (tenant, id);
  CREATE INDEX listings_by_name ON agent_listings (tenant, name_key, id);
  CREATE INDEX listings_by_update ON agent_listings (tenant, updated_at, id);

  CREATE VIRTUAL TABLE agent_text USING fts5 (
    terms, words, content = '', contentless_delete = 1, detail = 'column',
    tokenize = "ascii", prefix = '2 3'
  );
`
