import type { Principal } from './principal.ts'

/** Before a group's name, in what says who owns an agent; no issuer may have it as its alias. */
const GROUP_OWNER = 'group:'

/**
 * Whether an agent is the principal's: by its subject, or as `group:<alias>:<name>` by one of its groups. A subject
 * never owns what belongs to the group of its name. An owner that is missing is nobody.
 */
export const ownsAgent = ({ subject, groups }: Principal, owner: string): boolean =>
  Boolean(owner) && (owner === subject || groupOf(groups, owner) !== undefined)

/** Which of the groups the owner is, if any. */
export const groupOf = (groups: readonly string[], owner: string): string | undefined =>
  groups.find((group) => owner === `${GROUP_OWNER}${group}`)
