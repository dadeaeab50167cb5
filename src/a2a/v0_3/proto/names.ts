import type { NameOf } from '../read.ts'

/** Fields whose proto name is not the snake case of their JSON name; peers write either. */
const RENAMED: ReadonlyMap<string, string> = new Map([
  ['request', 'message'],
  ['update', 'message'],
  ['msg', 'message'],
])

/** Proto-JSON parsers take a field by its JSON name and by its proto name (ProtoJSON, "Field names"). */
export const jsonName: NameOf = (written) =>
  RENAMED.get(written) ??
  written.replace(/(?<=[a-z0-9])_([a-z0-9])/g, (_all, letter: string) => letter.toUpperCase())
