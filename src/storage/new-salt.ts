import type { NewId } from '../a2a/ids.ts'

/** For the pseudonym of a name: a UUID holds 74 random bits, so two hold enough. */
export const newSalt = (newId: NewId): string => `${newId()}${newId()}`
