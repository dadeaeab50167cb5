import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { openApiDocument } from './openapi.ts'
import { ROUTES } from './routes.ts'
import { scriptedApp } from './scripted-app.case.ts'

const document = openApiDocument(ROUTES, '1.2.3')
/** As clients read it. */
const text = JSON.stringify(document)

function refsIn(value: unknown): string[] {
  if (typeof value !== 'object' || value === null) return []
  return Object.entries(value).flatMap(([key, member]) =>
    key === '$ref' && typeof member === 'string' ? [member] : refsIn(member),
  )
}

function resolve(pointer: string): unknown {
  let at: unknown = JSON.parse(text)
  for (const name of pointer.replace(/^#\//, '').split('/')) {
    at =
      typeof at === 'object' && at !== null
        ? Object.entries(at).find(([key]) => key === name)?.[1]
        : undefined
  }
  return at
}

describe('the OpenAPI description', () => {
  it('describes every route of the table and no other', () => {
    const described = Object.entries(document.paths).flatMap(([path, methods]) =>
      Object.keys(methods).map((method) => `${method.toUpperCase()} ${path}`),
    )

    assert.deepEqual(described.sort(), ROUTES.map(({ method, path }) => `${method} ${path}`).sort())
  })

  it('refers to nothing that is not there', () => {
    const refs = refsIn(JSON.parse(text))

    assert.ok(refs.length > 0)
    for (const ref of refs) assert.equal(typeof resolve(ref), 'object', ref)
  })

  it('gives each operation an id of its own, its path parameters, a way in and a way to fail', () => {
    const ids = new Set<string>()
    for (const [path, methods] of Object.entries(document.paths)) {
      for (const operation of Object.values(methods)) {
        assert.ok(!ids.has(operation.operationId), operation.operationId)
        ids.add(operation.operationId)
        const inPath = operation.parameters.filter((p) => p.in === 'path').map(({ name }) => name)
        assert.deepEqual(
          inPath,
          [...path.matchAll(/\{(\w+)\}/g)].map(([, name]) => name),
        )
        assert.ok('default' in operation.responses)
        assert.equal(operation.security.length === 0, operation.description.includes('no credential'))
      }
    }
  })

  it('is served, and so is a page made from it that runs no script', async () => {
    const { app } = scriptedApp()
    const served = await app.request('/openapi.json')
    const page = await app.request('/docs')
    const html = await page.text()

    assert.equal(JSON.parse(await served.text()).openapi, '3.1.0')
    assert.match(page.headers.get('content-security-policy') ?? '', /^default-src 'none'; style-src 'sha256-/)
    for (const path of Object.keys(document.paths)) assert.ok(html.includes(`${path}</code>`), path)
    assert.ok(!html.includes('<script'))
  })
})
