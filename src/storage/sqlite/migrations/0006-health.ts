/**
 * How agents are. What searches filter and order by stands beside the heartbeats, which they join anyway. Registering
 * counted as a heartbeat before, and an agent's text says when that was: who did not beat since then never did, which
 * is 0. `declared_at` is since when heartbeats are expected because the owner said so. Checks and buckets are clustered
 * by agent and time. Every agent there is is looked at for the first time within some minutes.
 */
export const health = `
  ALTER TABLE agent_beats ADD COLUMN state TEXT NOT NULL DEFAULT 'unknown';
  ALTER TABLE agent_beats ADD COLUMN since INTEGER;
  ALTER TABLE agent_beats ADD COLUMN latency_ms REAL;
  ALTER TABLE agent_beats ADD COLUMN verified_at INTEGER;
  ALTER TABLE agent_listings ADD COLUMN declared_at INTEGER;

  UPDATE agent_beats SET at = 0
    WHERE at <= (SELECT json_extract(agent, '$.lastHeartbeatAt') FROM agents WHERE id = agent_id);

  CREATE TABLE agent_health (
    agent_id TEXT NOT NULL PRIMARY KEY,
    version INTEGER NOT NULL,
    health TEXT NOT NULL
  ) STRICT, WITHOUT ROWID;

  CREATE TABLE health_checks (
    agent_id TEXT NOT NULL,
    at INTEGER NOT NULL,
    kind TEXT NOT NULL,
    url TEXT NOT NULL,
    body TEXT NOT NULL,
    PRIMARY KEY (agent_id, at, kind, url)
  ) STRICT, WITHOUT ROWID;

  CREATE TABLE health_buckets (
    agent_id TEXT NOT NULL,
    span TEXT NOT NULL,
    begins_at INTEGER NOT NULL,
    up_ms INTEGER NOT NULL,
    degraded_ms INTEGER NOT NULL,
    down_ms INTEGER NOT NULL,
    unknown_ms INTEGER NOT NULL,
    checks INTEGER NOT NULL,
    failures INTEGER NOT NULL,
    latency_count INTEGER NOT NULL,
    latency_sum REAL NOT NULL,
    latency_max REAL NOT NULL,
    PRIMARY KEY (agent_id, span, begins_at)
  ) STRICT, WITHOUT ROWID;

  INSERT OR IGNORE INTO work (key, kind, lane, due_at, until, token, attempt)
  SELECT id, 'probe', 'probe', unixepoch() * 1000 + n * 7919 % 300000, 0, NULL, 0 FROM agents;
`
