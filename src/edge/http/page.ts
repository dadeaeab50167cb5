import { createHash } from 'node:crypto'
import { pageHeaders } from './security-headers.ts'

const STYLE = `
:root { color-scheme: light dark }
body { font: 16px/1.5 system-ui, sans-serif; max-width: 56rem; margin: 2rem auto; padding: 0 1rem }
code, pre { font: 14px/1.5 ui-monospace, monospace }
pre { overflow: auto; padding: .75rem; border: 1px solid #8884; border-radius: 4px }
table { border-collapse: collapse } td, th { text-align: left; padding: .2rem 1rem .2rem 0; vertical-align: top }
summary { cursor: pointer; padding: .3rem 0 }
`

const STYLE_HASH = `sha256-${createHash('sha256').update(STYLE).digest('base64')}`

export type Page = { readonly title: string; readonly body: string }

/** One of our own pages: one style element, no script, nothing fetched. */
export function pageResponse(page: Page, requestId: string): Response {
  const html = `<!doctype html>
<html lang="en">
<head><meta charset="utf-8"><meta name="viewport" content="width=device-width"><title>${escapeHtml(page.title)}</title>
<style>${STYLE}</style></head>
<body>${page.body}</body>
</html>
`
  return new Response(html, { headers: { ...pageHeaders(STYLE_HASH), 'x-request-id': requestId } })
}

const ENTITIES: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
}

export const escapeHtml = (text: string): string => text.replace(/[&<>"']/g, (char) => ENTITIES[char] ?? char)
