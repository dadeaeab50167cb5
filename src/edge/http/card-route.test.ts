import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import type { Agent } from '../../registry/agent.ts'
import { agent, bearer, type Script, scriptedApp } from './scripted-app.case.ts'

const CARD_PATH = '/a2a/echo/.well-known/agent-card.json'
const OLD_PATH = '/a2a/echo/.well-known/agent.json'
const ROOT_PATH = '/.well-known/agent-card.json'

const MODIFIED_AT = Date.parse('2026-03-01T12:00:00.500Z')

/** A card whose text says in which form it was asked for. */
const publishing = (changes: Partial<Agent> = {}): Script => ({
  registry: {
    get: async () => agent({ visibility: 'public', ...changes }),
    publishedCard: async (_agent, form) => ({ text: `"${form}"`, digest: form, modifiedAt: MODIFIED_AT }),
  },
})

const get = (path: string, headers: Record<string, string> = {}, script: Script = publishing()) =>
  scriptedApp(script).app.request(path, { headers })

describe('a published card', () => {
  it('comes in the version that is asked for, by header or in the query', async () => {
    const forms = { '1.0': 'v1', '1.0.1': 'v1', '0.3': 'v0.3', '0.3.0': 'v0.3' }
    for (const [version, form] of Object.entries(forms)) {
      const byHeader = await get(CARD_PATH, { 'a2a-version': version })
      const byQuery = await get(`${CARD_PATH}?A2A-Version=${version}`)

      assert.deepEqual([await byHeader.json(), await byQuery.json()], [form, form], version)
    }
  })

  it('comes in the form of the agent’s profile when no version is asked for', async () => {
    for (const cardProfile of ['superset', 'v1', 'v0.3'] as const) {
      assert.equal(await (await get(CARD_PATH, {}, publishing({ cardProfile }))).json(), cardProfile)
    }
    assert.equal(await (await get(CARD_PATH)).json(), 'superset')
    assert.equal(await (await get(CARD_PATH, { 'a2a-version': '' })).json(), 'superset')
  })

  it('comes in no version that we do not speak', async () => {
    for (const version of ['1.1', '9.9', '2.0', '0.2', 'latest']) {
      for (const refused of [
        await get(CARD_PATH, { 'a2a-version': version }),
        await get(`${CARD_PATH}?A2A-Version=${version}`),
      ]) {
        const { code } = (await refused.json()) as { readonly code: string }
        assert.deepEqual([refused.status, code], [400, 'version_not_supported'], version)
      }
    }
  })

  it('comes to older clients, where they look, in the form of 0.3', async () => {
    assert.equal(await (await get(OLD_PATH)).json(), 'v0.3')
    assert.equal(await (await get(OLD_PATH, { 'a2a-version': '1.0' })).json(), 'v1')
  })

  it('says how long it may be kept, by whom, and what it depends on', async () => {
    const open = await get(CARD_PATH)
    const closed = await get(CARD_PATH, {}, publishing({ visibility: 'tenant' }))
    const draft = await get(CARD_PATH, {}, publishing({ lifecycle: 'draft' }))

    assert.equal(open.headers.get('cache-control'), 'public, max-age=60')
    assert.equal(closed.headers.get('cache-control'), 'private, max-age=60')
    assert.equal(draft.headers.get('cache-control'), 'private, max-age=60')
    assert.equal(open.headers.get('vary'), 'A2A-Version, Authorization, X-API-Key')
    assert.equal(open.headers.get('etag'), 'W/"superset"')
    assert.equal(open.headers.get('last-modified'), 'Sun, 01 Mar 2026 12:00:00 GMT')
    assert.equal(open.headers.get('content-type'), 'application/json')
  })

  it('is not sent again to who has it', async () => {
    const tag = 'W/"superset"'
    const same = 'Sun, 01 Mar 2026 12:00:00 GMT'
    const later = 'Mon, 02 Mar 2026 12:00:00 GMT'
    const earlier = 'Sun, 01 Mar 2026 11:59:59 GMT'
    const cases: readonly (readonly [Record<string, string>, number])[] = [
      [{ 'if-none-match': tag }, 304],
      [{ 'if-none-match': '"superset"' }, 304],
      [{ 'if-none-match': `"other", ${tag}` }, 304],
      [{ 'if-none-match': '*' }, 304],
      [{ 'if-none-match': '"other"' }, 200],
      [{ 'if-none-match': '' }, 200],
      [{ 'if-none-match': tag, 'a2a-version': '1.0' }, 200],
      [{ 'if-modified-since': same }, 304],
      [{ 'if-modified-since': later }, 304],
      [{ 'if-modified-since': earlier }, 200],
      [{ 'if-modified-since': 'yesterday' }, 200],
      [{ 'if-modified-since': '2030' }, 200],
      [{ 'if-none-match': '"other"', 'if-modified-since': later }, 200],
      [{ 'if-none-match': tag, 'if-modified-since': earlier }, 304],
    ]
    for (const [headers, status] of cases) {
      const answer = await get(CARD_PATH, headers)
      const label = JSON.stringify(headers)

      assert.equal(answer.status, status, label)
      assert.equal((await answer.text()) === '', status === 304, label)
      for (const name of ['etag', 'last-modified', 'cache-control', 'vary']) {
        assert.ok(answer.headers.has(name), `${name} of ${label}`)
      }
    }
  })
})

describe('the card of the host', () => {
  const chosen: Script = { settings: { rootAgent: 'echo' } }

  it('is the chosen agent’s, by the same rules', async () => {
    const asked: string[] = []
    const script: Script = {
      settings: { rootAgent: 'echo' },
      registry: {
        ...publishing().registry,
        async get(_call, ref, action) {
          asked.push(`${action} ${ref}`)
          return agent({ visibility: 'public' })
        },
      },
    }

    assert.equal(await (await get(ROOT_PATH, {}, script)).json(), 'superset')
    assert.equal(await (await get('/.well-known/agent.json', {}, script)).json(), 'v0.3')
    assert.deepEqual(asked, ['discover echo', 'discover echo'])
  })

  it('is as missing where it is hidden as where there is none', async () => {
    const facts = async (script: Script, headers = {}) => {
      const answer = await get(ROOT_PATH, headers, script)
      return [answer.status, await answer.text()]
    }
    const hidden = await facts(chosen)

    assert.equal(hidden[0], 404)
    assert.deepEqual(hidden, await facts({}))
    assert.deepEqual(await facts({}, bearer('all')), hidden)
    assert.equal((await facts(chosen, bearer('all')))[0], 200)
  })
})
