/** On every answer. Credentials decide what an answer holds, so no cache may keep it unless a route says otherwise. */
export const API_HEADERS = {
  'x-content-type-options': 'nosniff',
  'cache-control': 'no-store',
} as const

/** For our own pages: no script, no frame, nothing from elsewhere; `styleHash` admits the page's one style element. */
export const pageHeaders = (styleHash: string): Record<string, string> => ({
  'content-type': 'text/html; charset=utf-8',
  'x-content-type-options': 'nosniff',
  'cache-control': 'no-cache',
  'content-security-policy': `default-src 'none'; style-src '${styleHash}'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'`,
  'referrer-policy': 'no-referrer',
})
