/** Rules by what they target; what each agent's rules have come to; alerts by when they began, those that fire apart. */
export const alerts = `
  CREATE TABLE alert_rules (
    id TEXT NOT NULL PRIMARY KEY,
    version INTEGER NOT NULL,
    tenant TEXT NOT NULL,
    target TEXT NOT NULL,
    rule TEXT NOT NULL
  ) STRICT, WITHOUT ROWID;
  CREATE INDEX alert_rules_by_tenant ON alert_rules (tenant, id);
  CREATE INDEX alert_rules_by_target ON alert_rules (tenant, target);

  CREATE TABLE agent_watches (
    agent_id TEXT NOT NULL PRIMARY KEY,
    version INTEGER NOT NULL,
    watch TEXT NOT NULL
  ) STRICT, WITHOUT ROWID;

  CREATE TABLE alerts (
    id TEXT NOT NULL PRIMARY KEY,
    tenant TEXT NOT NULL,
    agent_id TEXT NOT NULL,
    rule_id TEXT NOT NULL,
    starts_at INTEGER NOT NULL,
    ends_at INTEGER,
    alert TEXT NOT NULL
  ) STRICT, WITHOUT ROWID;
  CREATE INDEX alerts_by_time ON alerts (tenant, starts_at, id);
  CREATE INDEX alerts_by_agent ON alerts (tenant, agent_id, starts_at, id);
  CREATE INDEX alerts_by_rule ON alerts (tenant, rule_id, starts_at, id);
  CREATE INDEX alerts_firing ON alerts (tenant, starts_at, id) WHERE ends_at IS NULL;
  CREATE INDEX alerts_by_end ON alerts (ends_at) WHERE ends_at IS NOT NULL;
`
