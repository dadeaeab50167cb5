import type { Members } from '../json-text.ts'
import type { Shape } from './shape.ts'

export type UnknownMembers = readonly (readonly [string, string])[]

/** What of an object is passed on as it is: the members that neither version knows, in a form whose readers skip such. */
export const unknownMembers = (shape: Shape, object: keyof typeof KNOWN, members: Members): UnknownMembers =>
  shape.isOpen ? [...members].filter(([name]) => !KNOWN[object].has(name)) : []

const names = (...known: readonly string[]): ReadonlySet<string> => new Set(known)

/** The members that either version knows. */
const KNOWN = {
  message: names(
    'kind',
    'messageId',
    'contextId',
    'taskId',
    'role',
    'parts',
    'content',
    'metadata',
    'extensions',
    'referenceTaskIds',
  ),
  part: names('kind', 'text', 'file', 'data', 'raw', 'url', 'filename', 'mediaType', 'metadata'),
  task: names('kind', 'id', 'contextId', 'status', 'artifacts', 'history', 'metadata'),
  status: names('state', 'message', 'timestamp'),
  artifact: names('artifactId', 'name', 'description', 'parts', 'metadata', 'extensions'),
  'status-update': names('kind', 'taskId', 'contextId', 'status', 'final', 'metadata'),
  'artifact-update': names('kind', 'taskId', 'contextId', 'artifact', 'append', 'lastChunk', 'metadata'),
}
