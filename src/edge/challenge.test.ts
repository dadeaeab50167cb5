import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { ParleyError } from '../errors.ts'
import { challengeOf } from './challenge.ts'

const BASE = 'https://gw.example'
const at = (url: string, ...carried: readonly string[]) => ({
  url,
  header: (name: string) => (carried.includes(name) ? 'Bearer x' : undefined),
})
const unauthenticated = new ParleyError('unauthenticated', 'No')
const metadata = (path = '') => `resource_metadata="${BASE}/.well-known/oauth-protected-resource${path}"`

describe('a challenge', () => {
  it('names no error where no credential was sent', () => {
    assert.equal(challengeOf(unauthenticated, at('/tasks'), BASE), `Bearer realm="parley", ${metadata()}`)
  })

  it('calls a credential invalid, and says no more of it', () => {
    for (const header of ['authorization', 'x-api-key']) {
      assert.equal(
        challengeOf(unauthenticated, at('/tasks', header), BASE),
        `Bearer realm="parley", error="invalid_token", ${metadata()}`,
      )
    }
  })

  it('names the scope that is missing', () => {
    const error = new ParleyError('forbidden', 'No', { details: { scope: 'tasks:read' } })

    assert.equal(
      challengeOf(error, at('/tasks', 'authorization'), BASE),
      `Bearer realm="parley", error="insufficient_scope", scope="tasks:read", ${metadata()}`,
    )
  })

  it('is of no other failure', () => {
    for (const code of ['forbidden', 'not_found', 'internal'] as const) {
      assert.equal(challengeOf(new ParleyError(code, 'No'), at('/'), BASE), undefined)
    }
  })

  it('leads to the metadata of the address that was asked, as far as it needs no care', () => {
    const paths: readonly (readonly [string, string])[] = [
      ['/a2a/echo', '/a2a/echo'],
      ['https://gw.example/a2a/e%20o/message:send?x', '/a2a/e%20o'],
      ['/a2a/home~0190/tasks/t', '/a2a/home~0190'],
      ['/a2a/', ''],
      ['/a2a/"', ''],
      ['/a2a/x"y', ''],
      [`/a2a/${'x'.repeat(300)}`, ''],
      ['/agents?u=/a2a/echo', ''],
    ]
    for (const [url, path] of paths) {
      assert.ok(challengeOf(unauthenticated, at(url), BASE)?.endsWith(metadata(path)), url)
    }
  })
})
