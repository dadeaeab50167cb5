/**
 * Keys are ordered by time wherever possible, so that rows written together share pages.
 *
 * `events.id` is `tasks.n << 32 | seq`: one b-tree clustered by task and seq, without the task's id in every row.
 * Columns that filters read come before the bodies, which may fill many overflow pages. Lists cover decided tasks only,
 * so an undecided exchange touches no list. `work.until` is 0 while nobody holds a lease, and free work is kept by lane,
 * so that a long queue in a busy lane hides nothing behind it.
 */
export const firstSchema = `
  CREATE TABLE tasks (
    n INTEGER PRIMARY KEY,
    id TEXT NOT NULL UNIQUE,
    version INTEGER NOT NULL,
    seq INTEGER NOT NULL,
    at INTEGER NOT NULL,
    tenant TEXT NOT NULL,
    owner TEXT NOT NULL,
    agent_id TEXT NOT NULL,
    context_id TEXT NOT NULL,
    phase TEXT NOT NULL,
    state TEXT NOT NULL,
    status_at INTEGER NOT NULL,
    head TEXT NOT NULL
  ) STRICT;
  CREATE INDEX tasks_by_agent ON tasks (tenant, owner, agent_id, status_at, id, state) WHERE phase = 'task';
  CREATE INDEX tasks_by_owner ON tasks (tenant, owner, status_at, id, state) WHERE phase = 'task';
  CREATE INDEX tasks_by_tenant ON tasks (tenant, status_at, id, state, agent_id) WHERE phase = 'task';
  CREATE INDEX tasks_by_context ON tasks (tenant, context_id, owner, agent_id) WHERE phase <> 'undecided';

  CREATE TABLE events (
    id INTEGER PRIMARY KEY,
    at INTEGER NOT NULL,
    kind TEXT NOT NULL,
    state TEXT,
    artifact_id TEXT,
    has_body INTEGER NOT NULL,
    header TEXT NOT NULL,
    trailer TEXT NOT NULL,
    body TEXT NOT NULL
  ) STRICT;

  CREATE TABLE work (
    key TEXT NOT NULL,
    kind TEXT NOT NULL,
    lane TEXT NOT NULL,
    due_at INTEGER NOT NULL,
    until INTEGER NOT NULL,
    token TEXT,
    attempt INTEGER NOT NULL,
    PRIMARY KEY (key, kind)
  ) STRICT, WITHOUT ROWID;
  CREATE INDEX work_by_lane ON work (kind, lane, due_at) WHERE until = 0;
  CREATE INDEX work_leased ON work (until) WHERE until > 0;

  CREATE TABLE contexts (
    tenant TEXT NOT NULL,
    context_id TEXT NOT NULL,
    owner TEXT NOT NULL,
    agent_id TEXT NOT NULL,
    created_at INTEGER NOT NULL,
    last_at INTEGER NOT NULL,
    agent_context_id TEXT,
    PRIMARY KEY (tenant, context_id, owner, agent_id)
  ) STRICT, WITHOUT ROWID;
  CREATE INDEX contexts_by_owner ON contexts (tenant, owner, last_at, context_id, agent_id);
  CREATE INDEX contexts_by_tenant ON contexts (tenant, last_at, context_id, agent_id);

  CREATE TABLE idempotency (
    scope TEXT NOT NULL PRIMARY KEY,
    body_hash TEXT NOT NULL,
    task_id TEXT NOT NULL,
    seq INTEGER NOT NULL,
    answered_seq INTEGER,
    expires_at INTEGER NOT NULL
  ) STRICT, WITHOUT ROWID;
  CREATE INDEX idempotency_by_expiry ON idempotency (expires_at);

  CREATE TABLE agents (
    n INTEGER PRIMARY KEY,
    id TEXT NOT NULL UNIQUE,
    version INTEGER NOT NULL,
    tenant TEXT NOT NULL,
    slug TEXT NOT NULL,
    owner TEXT NOT NULL,
    names TEXT NOT NULL,
    agent TEXT NOT NULL,
    UNIQUE (tenant, slug)
  ) STRICT;
  CREATE INDEX agents_by_name ON agents (tenant, id, owner, names);

  CREATE TABLE agent_beats (
    agent_id TEXT NOT NULL PRIMARY KEY,
    at INTEGER NOT NULL
  ) STRICT, WITHOUT ROWID;

  CREATE TABLE agent_terms (
    tenant TEXT NOT NULL,
    term TEXT NOT NULL,
    agent_id TEXT NOT NULL,
    PRIMARY KEY (tenant, term, agent_id)
  ) STRICT, WITHOUT ROWID;

  CREATE TABLE slugs (
    tenant TEXT NOT NULL,
    slug TEXT NOT NULL,
    owner TEXT NOT NULL,
    agent_id TEXT NOT NULL,
    PRIMARY KEY (tenant, slug)
  ) STRICT, WITHOUT ROWID;

  CREATE TABLE keys (
    n INTEGER PRIMARY KEY,
    id TEXT NOT NULL UNIQUE,
    hash TEXT NOT NULL UNIQUE,
    version INTEGER NOT NULL,
    tenant TEXT NOT NULL,
    key TEXT NOT NULL
  ) STRICT;
  CREATE INDEX keys_by_tenant ON keys (tenant, id);

  CREATE TABLE news (
    id INTEGER PRIMARY KEY,
    writer TEXT NOT NULL,
    hints TEXT NOT NULL
  ) STRICT;
`
