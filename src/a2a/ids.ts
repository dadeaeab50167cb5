import { randomUUIDv7 } from 'node:crypto'

declare const brand: unique symbol
type Brand<Name extends string> = string & { readonly [brand]: Name }

/** Ids are opaque text, `[<home>~]<uuidv7>`, at most 64 characters. Only these functions make or accept one. */
export type TaskId = Brand<'TaskId'>
export type AgentId = Brand<'AgentId'>
/** A context id may be chosen by the client: any text of 1 to 256 characters, scoped to (tenant, owner, agent). */
export type ContextId = Brand<'ContextId'>

/** The longest id a caller may send us. Longer text cannot name anything we stored. */
export const MAX_ID_LENGTH = 256

export type NewId = () => string

/** A fresh id: UUIDv7, so that rows written together are stored together. */
export const newUuid: NewId = () => randomUUIDv7()

export const taskId = (text: string): TaskId => text as TaskId
export const agentId = (text: string): AgentId => text as AgentId
export const contextId = (text: string): ContextId => text as ContextId
