import Type, { type Static } from 'typebox'
import { OPERATIONS } from '../a2a/operation.ts'
import { type Grant, RIGHTS } from '../access/grant.ts'
import { GranteeBody } from '../access/new-grant.ts'

/** A grant as the native API shows it, to those who may manage the agent. */
export const GrantView = Type.Object({
  id: Type.String(),
  to: GranteeBody,
  right: Type.Enum([...RIGHTS]),
  operations: Type.Optional(Type.Array(Type.Enum([...OPERATIONS]))),
  createdAt: Type.String({ format: 'date-time' }),
  createdBy: Type.String({ description: 'Subject of who made it' }),
})
export type GrantView = Static<typeof GrantView>

export const grantView = ({ id, to, right, operations, createdAt, createdBy }: Grant): GrantView => ({
  id,
  to,
  right,
  ...(operations === undefined ? {} : { operations: [...operations] }),
  createdAt: new Date(createdAt).toISOString(),
  createdBy,
})
