/** The alias of the subjects that only API keys have. */
const KEY_ALIAS = 'key'

/**
 * A subject in full, `<issuer alias>:<value>`, or a value alone, which is that of an API key. What begins with `group:` is an
 * owner that is a group, and nobody's subject.
 */
export const SUBJECT_PATTERN = '^(?:(?!group:)[a-z0-9][a-z0-9-]*:[^\\s\\p{C}]+|[^\\s:\\p{C}]+)$'

/** A group in full. Keys have no groups, so there is no alias to leave out. */
export const GROUP_PATTERN = '^[a-z0-9][a-z0-9-]*:[^\\p{C}]+$'

/** Who may own an agent: a subject, or `group:` and a group. */
export const OWNER_PATTERN = `^(?!group:)${SUBJECT_PATTERN.slice(1)}|^group:${GROUP_PATTERN.slice(1)}`

/** Longest subject or group: an issuer's alias and what it says. */
export const MAX_SUBJECT_LENGTH = 300

/** What matches `SUBJECT_PATTERN`, in full: `ada` is `key:ada`. */
export const fullSubject = (text: string): string => (text.includes(':') ? text : `${KEY_ALIAS}:${text}`)
