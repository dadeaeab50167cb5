/** Where alerts go, and what became of telling each channel of each alert. */
export const channels = `
  CREATE TABLE channels (
    id TEXT NOT NULL PRIMARY KEY,
    version INTEGER NOT NULL,
    tenant TEXT NOT NULL,
    channel TEXT NOT NULL
  ) STRICT, WITHOUT ROWID;
  CREATE INDEX channels_by_tenant ON channels (tenant, id);

  CREATE TABLE notifications (
    alert_id TEXT NOT NULL,
    channel_id TEXT NOT NULL,
    version INTEGER NOT NULL,
    notification TEXT NOT NULL,
    PRIMARY KEY (alert_id, channel_id)
  ) STRICT, WITHOUT ROWID;
`
