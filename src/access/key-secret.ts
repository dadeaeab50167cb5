import { hash } from 'node:crypto'
import { crc32 } from 'node:zlib'

/** Bytes of a fresh, cryptographically secure random source. */
export type RandomBytes = (size: number) => Uint8Array

/** What is behind a key is never guessed: 256 random bits. */
const SECRET_BYTES = 32

const DIGITS = '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz'
/** So many digits of base 62 hold 256 bits, and 32. */
const SECRET_DIGITS = 43
const CHECKSUM_DIGITS = 6

/** Longer text is no credential of ours, and not worth hashing. */
const MAX_SECRET_LENGTH = 512

/** The keys we make, as secret scanners look for them. */
const OUR_FORM = /^(parley_[0-9A-Za-z]{43})([0-9A-Za-z]{6})$/

/**
 * A fresh API key: a prefix, 256 random bits, and the CRC-32 of all before it. The prefix lets people and secret scanners
 * recognise one, the checksum tells a key from what only looks like one, without asking us. It adds nothing to what an
 * attacker must guess and takes nothing away.
 */
export function newSecret(randomBytes: RandomBytes): string {
  const random = BigInt(`0x${Buffer.from(randomBytes(SECRET_BYTES)).toString('hex')}`)
  const secret = `parley_${digitsOf(random, SECRET_DIGITS)}`
  return `${secret}${checksumOf(secret)}`
}

/** Whether `text` could be a key at all: visible ASCII, as a header carries it. */
export const isSecretShaped = (text: string): boolean =>
  text.length <= MAX_SECRET_LENGTH && /^[\x21-\x7e]+$/.test(text)

/** Whether `text` has the form of the keys we make, but is none: it was mistyped, or made up. */
export function isMistyped(text: string): boolean {
  const [, secret, checksum] = OUR_FORM.exec(text) ?? []
  return secret !== undefined && checksumOf(secret) !== checksum
}

/**
 * What is stored of a secret, and found by: SHA-256 in hex. Secrets are random, so a slow hash would add nothing. How long a
 * lookup takes may depend on the hash, but who does not know the secret cannot choose hashes that come ever closer to it, so
 * the time of a lookup says nothing about the secret.
 */
export const hashOf = (secret: string): string => hash('sha256', secret)

const checksumOf = (secret: string): string => digitsOf(BigInt(crc32(secret)), CHECKSUM_DIGITS)

/** A number in base 62, with leading zeros. */
function digitsOf(number: bigint, length: number): string {
  let digits = ''
  for (let left = number; digits.length < length; left /= 62n)
    digits = `${DIGITS[Number(left % 62n)]}${digits}`
  return digits
}
