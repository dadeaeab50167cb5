/** Where agents stand, instead of whether they are enabled. Every agent is listed anew when the file is opened. */
export const lifecycle = `
  ALTER TABLE agent_listings DROP COLUMN enabled;
  ALTER TABLE agent_listings ADD COLUMN lifecycle TEXT NOT NULL DEFAULT 'active';
`
