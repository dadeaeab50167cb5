import type { Config } from '../config/config.ts'
import type { Backend } from '../storage/backend.ts'

export type OpenBackendOptions = {
  readonly now: () => number
  /** Other processes have it open too. */
  readonly shared: boolean
}

/** Only the backend that runs is loaded. */
export async function openBackend(
  { backend }: Pick<Config, 'backend'>,
  { now, shared }: OpenBackendOptions,
): Promise<Backend> {
  if (backend.kind === 'memory') return (await import('../storage/memory/open-memory.ts')).openMemory()
  const { openSqlite } = await import('../storage/sqlite/open-sqlite.ts')
  return openSqlite({ path: backend.path, now, shared })
}
