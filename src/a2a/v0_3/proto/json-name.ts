import { jsonNameOf } from '../../json-names.ts'
import type { NameOf } from '../read.ts'

/** Fields whose name in the `.proto` file is not the snake case of their JSON name. */
const RENAMED: ReadonlyMap<string, string> = new Map([
  ['request', 'message'],
  ['update', 'message'],
  ['msg', 'message'],
])

/** The name in JSON of what peers name by either name. */
export const jsonName: NameOf = (written) => RENAMED.get(written) ?? jsonNameOf(written)
