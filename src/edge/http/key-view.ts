import Type, { type Static } from 'typebox'
import { endOf } from '../../access/key-principal.ts'
import type { ApiKey } from '../../access/key-store.ts'
import { SCOPES } from '../../access/principal.ts'

const Instant = Type.String({ format: 'date-time' })

/** A key without its secret. */
export const KeyView = Type.Object({
  id: Type.String(),
  tenant: Type.String(),
  subject: Type.String(),
  scopes: Type.Array(Type.Enum([...SCOPES])),
  label: Type.String(),
  agents: Type.Optional(Type.Array(Type.String({ description: 'Ids of the only agents it is good for.' }))),
  createdAt: Instant,
  expiresAt: Type.Optional(Instant),
  revokedAt: Type.Optional(Instant),
  replaces: Type.Optional(Type.String({ description: 'Id of the key whose place it took.' })),
  replacedBy: Type.Optional(Type.String({ description: 'Id of the latest key that took its place.' })),
  lastUsedAt: Type.Optional(
    Type.String({ format: 'date-time', description: 'When a call last came with it, to within 5 minutes.' }),
  ),
})
export type KeyView = Static<typeof KeyView>

export function keyView(key: ApiKey): KeyView {
  const { id, tenant, subject, scopes, label, agents, replaces, replacedBy } = key
  const expiresAt = endOf(key)
  return {
    id,
    tenant,
    subject,
    scopes: [...scopes],
    label,
    ...(agents !== undefined && { agents: [...agents] }),
    createdAt: isoOf(key.createdAt),
    ...(expiresAt !== undefined && { expiresAt: isoOf(expiresAt) }),
    ...(key.revokedAt !== undefined && { revokedAt: isoOf(key.revokedAt) }),
    ...(replaces !== undefined && { replaces }),
    ...(replacedBy !== undefined && { replacedBy }),
    ...(key.lastUsedAt !== undefined && { lastUsedAt: isoOf(key.lastUsedAt) }),
  }
}

const isoOf = (at: number): string => new Date(at).toISOString()
