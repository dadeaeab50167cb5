import type { NameOf } from '../read.ts'

/** Fields whose proto name is not the snake case of their JSON name; peers write either. */
const RENAMED: Readonly<Record<string, string>> = { request: 'message', update: 'message', msg: 'message' }

/** Proto-JSON parsers take a field by its JSON name and by its proto name (ProtoJSON, "Field names"). */
export const jsonName: NameOf = (written) =>
  RENAMED[written] ?? written.replace(/_([a-z0-9])/g, (_all, letter: string) => letter.toUpperCase())
