import { ParleyError } from '../../errors.ts'

/** `google.protobuf.Timestamp` and `Duration`, which share their fields, and their JSON. */
export type Instant = { readonly seconds: bigint; readonly nanos: number }

/** What protobuf admits: the years 1 to 9999, and durations of 10,000 years. */
const MIN_SECONDS = -62_135_596_800n
const MAX_SECONDS = 253_402_300_799n
const MAX_DURATION_SECONDS = 315_576_000_000n
const MAX_NANOS = 999_999_999

const invalid = (message: string): ParleyError => new ParleyError('invalid_params', message)

const TIMESTAMP =
  /^(\d{4}-\d{2}-\d{2})[Tt ](\d{2}:\d{2}:\d{2})(?:\.(\d{1,9})\d*)?(?:[Zz]|([+-])(\d{2}):(\d{2}))$/

/** RFC 3339 with any offset; digits beyond nanoseconds are cut off. */
export function parseTimestamp(text: string): Instant {
  const [matched, date, time, fraction = '', sign, hours = '0', minutes = '0'] = TIMESTAMP.exec(text) ?? []
  const local = matched === undefined ? Number.NaN : Date.parse(`${date}T${time}Z`)
  if (Number.isNaN(local)) throw invalid('A timestamp must be written as RFC 3339 says')
  const offset = (Number(hours) * 60 + Number(minutes)) * (sign === '-' ? -60 : 60)
  const seconds = BigInt(local / 1000 - offset)
  if (seconds < MIN_SECONDS || seconds > MAX_SECONDS) throw invalid('A timestamp is out of range')
  return { seconds, nanos: Number(fraction.padEnd(9, '0')) }
}

/** In UTC, with three, six or nine digits after the point. */
export function printTimestamp({ seconds, nanos }: Instant): string {
  if (seconds < MIN_SECONDS || seconds > MAX_SECONDS || nanos < 0 || nanos > MAX_NANOS) {
    throw invalid('A timestamp is out of range')
  }
  return `${new Date(Number(seconds) * 1000).toISOString().slice(0, 19)}.${fractionOf(nanos)}Z`
}

const DURATION = /^(-?)(\d{1,12})(?:\.(\d{1,9}))?s$/

export function parseDuration(text: string): Instant {
  const [matched, sign, whole = '0', fraction = ''] = DURATION.exec(text) ?? []
  if (matched === undefined) throw invalid('A duration must be written as seconds, such as 1.5s')
  const [seconds, nanos] = [BigInt(whole), Number(fraction.padEnd(9, '0'))]
  if (seconds > MAX_DURATION_SECONDS) throw invalid('A duration is out of range')
  return sign === '-' ? { seconds: -seconds, nanos: -nanos } : { seconds, nanos }
}

export function printDuration({ seconds, nanos }: Instant): string {
  const isNegative = seconds < 0n || nanos < 0
  const whole = seconds < 0n ? -seconds : seconds
  const isMixed = (seconds > 0n && nanos < 0) || (seconds < 0n && nanos > 0)
  if (whole > MAX_DURATION_SECONDS || Math.abs(nanos) > MAX_NANOS || isMixed) {
    throw invalid('A duration is out of range')
  }
  const fraction = nanos === 0 ? '' : `.${fractionOf(Math.abs(nanos))}`
  return `${isNegative ? '-' : ''}${whole}${fraction}s`
}

function fractionOf(nanos: number): string {
  const digits = String(nanos).padStart(9, '0')
  if (digits.endsWith('000000')) return digits.slice(0, 3)
  return digits.endsWith('000') ? digits.slice(0, 6) : digits
}
