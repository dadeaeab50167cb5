import type { Agent } from '../../registry/agent.ts'
import { claimsOf } from '../../registry/claims.ts'
import type { Connection } from './connection.ts'

const TAKEN = `
  SELECT 1 FROM address_claims JOIN agents ON agents.n = address_claims.n
  WHERE address_claims.tenant = ? AND address = ? AND agents.id <> ? AND owner <> ? LIMIT 1`

/** Which agents have which addresses; every function runs inside a transaction. `n` is the agent's row. */
export interface ClaimRows {
  /** Whether an agent of another owner has an address. */
  isTaken(address: string, agent: Agent): boolean
  put(n: number, agent: Agent): void
  remove(n: number): void
}

export function createClaimRows(connection: Connection): ClaimRows {
  const remove = (n: number) => connection.run('DELETE FROM address_claims WHERE n = ?', n)
  return {
    isTaken: (address, { id, tenant, owner }) =>
      connection.get(TAKEN, tenant, address, id, owner) !== undefined,
    put(n, agent) {
      remove(n)
      for (const address of claimsOf(agent)) {
        connection.run(
          'INSERT INTO address_claims (tenant, address, n) VALUES (?, ?, ?)',
          agent.tenant,
          address,
          n,
        )
      }
    },
    remove,
  }
}
