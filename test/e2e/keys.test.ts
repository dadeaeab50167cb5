import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { ROUTES } from '../../src/edge/http/routes.ts'
import { eventually } from './eventually.ts'
import { at, listAt, textAt } from './json-path.ts'
import { type Endpoint, getTask, native, type Reply, rpc, send, withoutRequest } from './rpc.ts'
import { register, startWorld, type World } from './world.ts'

const NEVER_EXISTED = '0190a0a0-0000-7000-8000-00000000dead'
const ALL_BUT_ADMIN = [
  'tasks:submit',
  'tasks:read',
  'tasks:cancel',
  'agents:read',
  'agents:write',
  'agents:heartbeat',
]

describe('API keys', { timeout: 180_000 }, () => {
  const opened = new AsyncDisposableStack()
  let world: World

  before(async () => {
    world = opened.use(await startWorld())
  })
  after(() => opened.disposeAsync())

  const ask = (
    method: string,
    path: string,
    body?: unknown,
    key: string | undefined = world.parley.adminKey,
  ) => native(key, method, `${world.parley.url}${path}`, body)

  const make = async (
    more: object = {},
    key?: string,
  ): Promise<{ id: string; secret: string; reply: Reply }> => {
    const wanted = { subject: 'ada', scopes: ALL_BUT_ADMIN, label: 'for a test', ...more }
    const reply = await ask('POST', '/keys', wanted, key)
    assert.equal(reply.status, 201, reply.text)
    return { id: textAt(reply.body, 'key', 'id'), secret: textAt(reply.body, 'secret'), reply }
  }

  const statusOf = async (secret: string, path = '/tasks') =>
    (await ask('GET', path, undefined, secret)).status

  const refusalOf = async (reply: Promise<Reply>) => {
    const { status, body } = await reply
    const errors = at(body, 'errors')
    const pointers = Array.isArray(errors) ? errors.map((error) => textAt(error, 'pointer')) : []
    return [status, textAt(body, 'code'), ...pointers]
  }

  test('are rotated: tasks stay with the subject, and the old key goes on for the overlap', async () => {
    const old = await make({ subject: 'rotator' })
    const scenario = (key: string): Endpoint => ({ url: `${world.parley.url}/a2a/scenario`, key })
    const task = textAt(await send(scenario(old.secret), 'echo before'), 'task', 'id')

    const rotated = await ask('POST', `/keys/${old.id}/rotate`)
    assert.equal(rotated.status, 201, rotated.text)
    const fresh = textAt(rotated.body, 'secret')
    const freshId = textAt(rotated.body, 'key', 'id')
    assert.equal(rotated.headers.get('location'), `/keys/${freshId}`)
    assert.equal(textAt(rotated.body, 'key', 'subject'), 'key:rotator')
    assert.equal(textAt(rotated.body, 'key', 'replaces'), old.id)

    for (const key of [old.secret, fresh]) assert.equal(at(await getTask(scenario(key), task), 'id'), task)
    const shown = await ask('GET', `/keys/${old.id}`)
    assert.equal(textAt(shown.body, 'replacedBy'), freshId)
    const left = Date.parse(textAt(shown.body, 'expiresAt')) - Date.now()
    assert.ok(left > 86_000_000 && left <= 86_400_000, `${left} ms are left`)
    assert.ok(!shown.text.includes(old.secret) && !(await ask('GET', '/keys')).text.includes(fresh))

    const again = await ask('POST', `/keys/${old.id}/rotate`, {
      overlapMs: 0,
      expiresAt: '2999-01-01T00:00:00Z',
    })
    assert.equal(textAt(again.body, 'key', 'expiresAt'), '2999-01-01T00:00:00.000Z')
    assert.deepEqual([await statusOf(old.secret), await statusOf(fresh)], [401, 200])
    assert.deepEqual(await refusalOf(ask('POST', `/keys/${old.id}/rotate`)), [409, 'conflict'])
    assert.deepEqual(await refusalOf(ask('POST', `/keys/${NEVER_EXISTED}/rotate`)), [404, 'not_found'])
    assert.deepEqual(await refusalOf(ask('POST', `/keys/${freshId}/rotate`, { overlapMs: -1 })), [
      400,
      'invalid_params',
      '/overlapMs',
    ])
  })

  test('leave in the audit log who made, rotated and revoked them', async () => {
    const { id } = await make({ subject: 'audited', agents: ['scenario'] })
    const rotated = await ask('POST', `/keys/${id}/rotate`)
    assert.equal((await ask('DELETE', `/keys/${id}`)).status, 204)

    const log = await ask('GET', `/audit?target_kind=key&target_id=${id}`)
    const entries = listAt(log.body, 'items')
    assert.deepEqual(
      entries.map((entry) => textAt(entry, 'action')),
      ['key.revoke', 'key.rotate', 'key.create'],
    )
    assert.equal(textAt(entries[1], 'details', 'replacedBy'), textAt(rotated.body, 'key', 'id'))
    assert.equal(textAt(entries[0], 'credential', 'kind'), 'key')
    assert.ok(log.text.includes('key:audited') && !log.text.includes(textAt(rotated.body, 'secret')))
  })

  test('end when they are made to, given as text or as a number', async () => {
    const end = '2999-06-01T12:00:00+02:00'
    for (const expiresAt of [end, Date.parse(end)]) {
      const { reply } = await make({ expiresAt })
      assert.equal(textAt(reply.body, 'key', 'expiresAt'), '2999-06-01T10:00:00.000Z')
    }
    for (const expiresAt of ['2001-01-01T00:00:00Z', 1, 'tomorrow', 9e15, -1]) {
      const wrong = { subject: 'ada', scopes: ['tasks:read'], label: 'l', expiresAt }
      const [status, code, pointer] = await refusalOf(ask('POST', '/keys', wrong))
      assert.deepEqual([status, code, pointer], [400, 'invalid_params', '/expiresAt'])
    }
  })

  test('show when they were last used, and still do after a restart', async () => {
    const { id, secret } = await make({ subject: 'user' })
    assert.equal(at((await ask('GET', `/keys/${id}`)).body, 'lastUsedAt'), undefined)
    const before = Date.now()
    await statusOf(secret)

    const usedAt = await eventually('the use is written', async () => {
      const shown = at((await ask('GET', `/keys/${id}`)).body, 'lastUsedAt')
      return typeof shown === 'string' ? shown : undefined
    })
    assert.ok(Date.parse(usedAt) >= before)
    await statusOf(secret)
    await world.parley.stop()
    await world.parley.restart()
    const later = textAt((await ask('GET', `/keys/${id}`)).body, 'lastUsedAt')
    assert.ok(Date.parse(later) >= Date.parse(usedAt))
  })

  test('are recognised by scanners, and when they were mistyped', async () => {
    const { secret } = await make()
    assert.match(secret, /^parley_[0-9A-Za-z]{49}$/)
    const typed = `${secret.slice(0, 20)}${secret[20] === 'x' ? 'y' : 'x'}${secret.slice(21)}`

    assert.deepEqual([await statusOf(secret), await statusOf(typed)], [200, 401])
  })

  test('can do no more than the key that makes them', async () => {
    const root = await make({ subject: 'root', scopes: ['admin'], expiresAt: '2990-01-01T00:00:00Z' })
    const wanted = { subject: 'ada', scopes: ['tasks:read'], label: 'l' }
    const refused = (more: object) => refusalOf(ask('POST', '/keys', { ...wanted, ...more }, root.secret))

    assert.deepEqual(await refused({}), [403, 'forbidden', '/expiresAt'])
    assert.deepEqual(await refused({ expiresAt: '2990-01-01T00:00:01Z' }), [403, 'forbidden', '/expiresAt'])
    assert.deepEqual(await refused({ tenant: 'acme', expiresAt: '2989-01-01T00:00:00Z' }), [
      403,
      'forbidden',
      '/tenant',
    ])
    const made = await make({ ...wanted, expiresAt: '2989-01-01T00:00:00Z' }, root.secret)
    for (const [method, path] of [
      ['GET', '/keys'],
      ['GET', `/keys/${made.id}`],
      ['DELETE', `/keys/${made.id}`],
      ['POST', `/keys/${made.id}/rotate`],
    ] as const) {
      assert.deepEqual(await refusalOf(ask(method, path, undefined, made.secret)), [403, 'forbidden'])
    }
  })

  test('beat for an agent only if they may manage it, and have the scope', async () => {
    const beat = async (secret: string, agent: string) =>
      (await ask('POST', `/agents/${agent}/heartbeat`, undefined, secret)).status
    const owner = await make({ subject: 'beater' })
    await register(world.parley, world.agent.card, { slug: 'beaten', owner: 'key:beater' })
    const others = await make({ subject: 'passer-by' })
    const scopeless = await make({ subject: 'beater', scopes: ['agents:read', 'agents:write'] })
    const only = await make({ subject: 'beater', scopes: ['agents:heartbeat'], agents: ['beaten'] })
    const elsewhere = await make({ subject: 'beater', scopes: ['agents:heartbeat'], agents: ['scenario'] })

    assert.equal(await beat(owner.secret, 'beaten'), 200)
    assert.equal(await beat(only.secret, 'beaten'), 200)
    assert.equal(await beat(scopeless.secret, 'beaten'), 403)
    assert.equal(await beat(others.secret, 'beaten'), 403)
    assert.equal(await beat(elsewhere.secret, 'beaten'), 404)
    await ask('PATCH', '/agents/beaten', { visibility: 'restricted' }, owner.secret)
    assert.equal(await beat(others.secret, 'beaten'), 404)
    const grant = { to: { subject: 'passer-by' }, right: 'invoke' }
    assert.equal((await ask('POST', '/agents/beaten/grants', grant, owner.secret)).status, 201)
    assert.equal(await beat(others.secret, 'beaten'), 403)
    const more = { to: { subject: 'passer-by' }, right: 'manage' }
    assert.equal((await ask('POST', '/agents/beaten/grants', more, owner.secret)).status, 201)
    assert.equal(await beat(others.secret, 'beaten'), 200)
  })

  describe('that are limited to an agent', () => {
    let other: string
    let limited: string
    let limitedAdmin: string
    let mine: string
    let theirs: string

    before(async () => {
      other = await register(world.parley, world.agent.card, { slug: 'other', visibility: 'public' })
      const whole = await make({ subject: 'alice' })
      const at = (slug: string): Endpoint => ({ url: `${world.parley.url}/a2a/${slug}`, key: whole.secret })
      mine = textAt(await send(at('scenario'), 'echo mine'), 'task', 'id')
      theirs = textAt(await send(at('other'), 'echo theirs'), 'task', 'id')
      limited = (await make({ subject: 'alice', agents: ['scenario'] })).secret
      limitedAdmin = (await make({ subject: 'alice', scopes: ['admin'], agents: ['scenario'] })).secret
    })

    test('name agents that are there and that their maker sees, and keep their ids', async () => {
      const wanted = { subject: 'ada', scopes: ['tasks:read'], label: 'l' }
      const refused = (agents: unknown, key?: string) =>
        refusalOf(ask('POST', '/keys', { ...wanted, agents }, key))
      const { reply } = await make({ agents: ['other', other] })

      assert.deepEqual(listAt(reply.body, 'key', 'agents'), [other])
      assert.deepEqual(await refused(['other', 'nobody']), [400, 'invalid_params', '/agents/1'])
      assert.deepEqual(await refused([]), [400, 'invalid_params', '/agents'])
      assert.deepEqual(await refused(['other'], limitedAdmin), [400, 'invalid_params', '/agents/0'])
      assert.deepEqual(await refused(undefined, limitedAdmin), [403, 'forbidden', '/agents'])
      await make({ agents: ['scenario'] }, limitedAdmin)
    })

    test('list and count nothing of other agents', async () => {
      for (const key of [limited, limitedAdmin]) {
        const slugs = await ask('GET', '/agents?limit=1', undefined, key)
        assert.deepEqual(
          listAt(slugs.body, 'items').map((item) => textAt(item, 'slug')),
          ['scenario'],
        )
        const lists = [slugs, await ask('GET', '/contexts?limit=100', undefined, key)]
        for (const { body, text } of lists) {
          assert.equal(at(body, 'nextCursor'), null)
          assert.equal(at(body, 'total'), listAt(body, 'items').length)
          assert.ok(!text.includes(other))
        }
        const tasks = await ask('GET', '/tasks?limit=100', undefined, key)
        const ids = listAt(tasks.body, 'items').map((item) => textAt(item, 'id'))
        assert.ok(ids.includes(mine) && !ids.includes(theirs))
      }
    })

    test('find nothing of other agents on any native route', async () => {
      const bodies: Readonly<Record<string, unknown>> = {
        'PATCH /agents/{id}': { visibility: 'restricted' },
        'PUT /agents/{id}': { card: {} },
        'POST /agents/{id}/grants': { to: { everyone: true }, right: 'manage' },
      }
      const aboutAgents = ROUTES.filter(({ path }) => /^\/(?:agents\/\{id\}|a2a\/\{agent\})/.test(path))
      assert.ok(aboutAgents.length > 8)
      const visible = (reply: Reply, ref: string) =>
        JSON.stringify(withoutRequest(reply)).replaceAll(ref, '<asked>')
      for (const key of [limited, limitedAdmin]) {
        for (const { method, path } of aboutAgents) {
          const name = `${method} ${path}`
          const of = async (ref: string) => {
            const filled = path.replace(/\{(?:id|agent)\}/, ref).replace('{grant}', NEVER_EXISTED)
            return visible(await ask(method, filled, bodies[name], key), ref)
          }
          const missing = await of(NEVER_EXISTED)
          assert.match(missing, /"status":4/, name)
          for (const ref of [other, 'other']) assert.equal(await of(ref), missing, `${name} ${ref}`)
        }
        for (const path of ['/tasks/{}', '/tasks/{}/events']) {
          const of = async (id: string) =>
            visible(await ask('GET', path.replace('{}', id), undefined, key), id)
          assert.match(await of(NEVER_EXISTED), /"status":404/)
          assert.equal(await of(theirs), await of(NEVER_EXISTED), path)
        }
        assert.equal(await statusOf(key, `/tasks/${mine}`), 200)
        assert.equal(await statusOf(key, '/tasks?agent=other'), 404)
        assert.equal(await statusOf(key, '/contexts?agent=other'), 404)
      }
    })

    test('register no other agent, and tell nothing of the whole installation', async () => {
      for (const slug of ['fresh', 'other']) {
        const body = { card: world.agent.card, slug, owner: 'key:alice' }
        const [status] = await refusalOf(ask('POST', '/agents/register', body, limitedAdmin))
        assert.ok(status === 403 || status === 409, `${slug} ${status}`)
      }
      assert.deepEqual(await refusalOf(ask('GET', '/metrics', undefined, limitedAdmin)), [403, 'forbidden'])
    })

    test('see, rotate and revoke only keys that are limited alike', async () => {
      const whole = await make({ subject: 'alice' })
      const listed = await ask('GET', '/keys?limit=100', undefined, limitedAdmin)
      assert.equal(at(listed.body, 'total'), listAt(listed.body, 'items').length)
      for (const item of listAt(listed.body, 'items')) assert.equal(listAt(item, 'agents').length, 1)
      for (const [method, path] of [
        ['GET', `/keys/${whole.id}`],
        ['DELETE', `/keys/${whole.id}`],
        ['POST', `/keys/${whole.id}/rotate`],
      ] as const) {
        assert.deepEqual(await refusalOf(ask(method, path, undefined, limitedAdmin)), [404, 'not_found'])
      }
      const alike = await make({ agents: ['scenario'] })
      assert.equal((await ask('POST', `/keys/${alike.id}/rotate`, undefined, limitedAdmin)).status, 201)
      assert.equal((await ask('DELETE', `/keys/${alike.id}`, undefined, limitedAdmin)).status, 204)
    })

    test('configure no push notifications of other agents', async () => {
      for (const operation of ['Create', 'Get', 'List', 'Delete'].map(
        (verb) => `${verb}TaskPushNotificationConfig${verb === 'List' ? 's' : ''}`,
      )) {
        const params = { taskId: theirs, id: 'c', url: 'https://client.example' }
        const of = async (slug: string) => {
          const reply = await rpc({ url: `${world.parley.url}/a2a/${slug}`, key: limited }, operation, params)
          return JSON.stringify(withoutRequest(reply))
        }
        assert.match(await of('never'), /AGENT_NOT_FOUND/, operation)
        assert.equal(await of('other'), await of('never'), operation)
      }
    })
  })
})
