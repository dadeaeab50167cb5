const MAX_URL_LENGTH = 2048

/** What keeps `text` from being the absolute address of a server; `undefined` when nothing does. */
export function httpUrlProblem(text: string): string | undefined {
  if (text.length > MAX_URL_LENGTH) return `must be at most ${MAX_URL_LENGTH} characters`
  // URL.parse drops spaces and control characters instead of refusing them.
  const url = /[\s\p{C}\\]/u.test(text) ? null : URL.parse(text)
  if (url === null) return 'must be an absolute URL'
  if (url.protocol !== 'http:' && url.protocol !== 'https:') return 'must be an http or https URL'
  if (!/^https?:\/\//i.test(text)) return 'must be an absolute URL'
  if (url.username !== '' || url.password !== '') return 'must not contain credentials'
  if (text.includes('#')) return 'must not have a fragment'
  return undefined
}

/** Whether `url` is `base` or lies below it, however either is spelt. Both are absolute http or https URLs. */
export function isBelow(url: string, base: string): boolean {
  const inner = URL.parse(url)
  const outer = URL.parse(base)
  if (inner === null || outer === null || inner.origin !== outer.origin) return false
  const folder = outer.pathname.endsWith('/') ? outer.pathname : `${outer.pathname}/`
  return `${inner.pathname}/`.startsWith(folder)
}
