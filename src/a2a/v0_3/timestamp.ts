/** ISO 8601 as 0.3 servers write it: with or without zone, seconds and fraction; what names no zone is UTC. */
const INSTANT =
  /^(\d{4}-\d\d-\d\d)(?:[Tt ](\d\d:\d\d)(?::(\d\d)(?:[.,](\d{1,9}))?)?)? ?(?:([Zz])|([+-]\d\d):?(\d\d)|)$/

/**
 * A time in a status, as 1.0 writes it; parsers of proto-JSON refuse any other form. What cannot be read is left out: a
 * status without a time is valid, one with a wrong time is not. Texts are JSON.
 */
export function timestampText(text: string): string | undefined {
  const written: unknown = JSON.parse(text)
  const normalised = typeof written === 'string' ? normaliseTimestamp(written) : undefined
  return normalised && JSON.stringify(normalised)
}

/** The instant as 1.0 writes it, `YYYY-MM-DDTHH:mm:ss.sssZ`; `undefined` when it cannot be read. */
export function normaliseTimestamp(text: string): string | undefined {
  const [, date, time = '00:00', seconds = '00', fraction = '', , hours, minutes] = INSTANT.exec(text) ?? []
  if (date === undefined) return undefined
  const zone = hours === undefined ? 'Z' : `${hours}:${minutes}`
  const instant = Date.parse(`${date}T${time}:${seconds}.${fraction.slice(0, 3).padEnd(3, '0')}${zone}`)
  if (Number.isNaN(instant)) return undefined
  const iso = new Date(instant).toISOString()
  return iso.length === 24 ? iso : undefined
}
