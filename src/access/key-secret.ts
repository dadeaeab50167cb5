import { hash } from 'node:crypto'

/** Bytes of a fresh, cryptographically secure random source. */
export type RandomBytes = (size: number) => Uint8Array

/** What is behind a key is never guessed: 256 random bits. */
const SECRET_BYTES = 32

/** Longer text is no credential of ours, and not worth hashing. */
const MAX_SECRET_LENGTH = 512

/** A fresh API key. The prefix lets people and secret scanners recognise one. */
export const newSecret = (randomBytes: RandomBytes): string =>
  `parley_${Buffer.from(randomBytes(SECRET_BYTES)).toString('base64url')}`

/** Whether `text` could be a key at all: visible ASCII, as a header carries it. */
export const isSecretShaped = (text: string): boolean =>
  text.length <= MAX_SECRET_LENGTH && /^[\x21-\x7e]+$/.test(text)

/** What is stored of a secret: SHA-256 in hex. Secrets are random, so a slow hash would add nothing. */
export const hashOf = (secret: string): string => hash('sha256', secret)
