import type { OpenApiDocument, OpenApiOperation } from './openapi.ts'
import { escapeHtml, type Page } from './page.ts'

/** The API description as a page that needs no script. */
export function renderDocs(document: OpenApiDocument): Page {
  const operations = Object.entries(document.paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, operation]) => renderOperation(method, path, operation)),
  )
  return {
    title: `${document.info.title} API`,
    body: `<h1>${escapeHtml(document.info.title)} API <small>${escapeHtml(document.info.version)}</small></h1>
<p>${escapeHtml(document.info.description)} Machines read <a href="/openapi.json">/openapi.json</a>.</p>
<p>Send a key as <code>Authorization: Bearer …</code> or <code>X-API-Key: …</code>.</p>
${operations.join('\n')}
<h2>Schemas</h2>
${json(document.components)}`,
  }
}

function renderOperation(method: string, path: string, operation: OpenApiOperation): string {
  const rows = operation.parameters.map(
    (p) =>
      `<tr><td><code>${escapeHtml(p.name)}</code></td><td>${p.in}</td><td>${escapeHtml(p.description ?? '')}</td></tr>`,
  )
  return `<details><summary><code>${method.toUpperCase()} ${escapeHtml(path)}</code> ${escapeHtml(operation.summary)}</summary>
<p>${escapeHtml(operation.description)}</p>
${rows.length > 0 ? `<table>${rows.join('')}</table>` : ''}
${operation.requestBody === undefined ? '' : `<h4>Body</h4>${json(operation.requestBody)}`}
<h4>Answers</h4>${json(operation.responses)}
</details>`
}

const json = (value: object): string => `<pre>${escapeHtml(JSON.stringify(value, null, 2))}</pre>`
