import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { at, listAt, parsed, textAt } from './json-path.ts'
import { type Endpoint, native, type Reply, send } from './rpc.ts'
import { newKey, startWorld, type World } from './world.ts'

describe('the native API', { timeout: 180_000 }, () => {
  let world: World
  let client: Required<Endpoint>
  const opened = new AsyncDisposableStack()

  before(async () => {
    world = opened.use(await startWorld())
    client = await world.client('native')
  })
  after(() => opened.disposeAsync())

  const get = (path: string, key: string | undefined = client.key) =>
    native(key, 'GET', `${world.parley.url}${path}`)

  const open = (path: string) => native(undefined, 'GET', `${world.parley.url}${path}`)

  /** Every item of a list, read page by page. */
  async function pages(path: string, limit: number): Promise<readonly unknown[]> {
    const items: unknown[] = []
    let cursor = ''
    for (;;) {
      const page: Reply = await get(`${path}?limit=${limit}${cursor}`)
      assert.equal(page.status, 200, page.text)
      assert.ok(listAt(page.body, 'items').length <= limit)
      items.push(...listAt(page.body, 'items'))
      const next = at(page.body, 'nextCursor')
      if (typeof next !== 'string' || next === '') return items
      cursor = `&cursor=${encodeURIComponent(next)}`
    }
  }

  test('describes itself in OpenAPI 3.1, and everything it refers to is there', async () => {
    const reply = await open('/openapi.json')
    assert.equal(reply.status, 200)
    assert.match(textAt(reply.body, 'openapi'), /^3\.1\./)
    textAt(reply.body, 'info', 'title')
    textAt(reply.body, 'info', 'version')
    const paths = Object.keys(Object(at(reply.body, 'paths')))
    for (const path of [
      '/agents/register',
      '/agents',
      '/tasks',
      '/contexts',
      '/keys',
      '/healthz',
      '/metrics',
    ]) {
      assert.ok(paths.includes(path), `${path} in ${paths}`)
    }
    for (const wanted of [
      /^\/tasks\/\{\w+\}\/events$/,
      /^\/contexts\/\{\w+\}\/history$/,
      /^\/agents\/\{\w+\}\/heartbeat$/,
    ]) {
      assert.ok(
        paths.some((path) => wanted.test(path)),
        `${wanted} in ${paths}`,
      )
    }
    for (const [, reference] of reply.text.matchAll(/"\$ref":\s*"([^"]+)"/g)) {
      const names = (reference ?? '')
        .split('/')
        .map((name) => name.replaceAll('~1', '/').replaceAll('~0', '~'))
      assert.equal(names[0], '#', reference)
      assert.notEqual(at(reply.body, ...names.slice(1)), undefined, reference)
    }
    const ids = [...reply.text.matchAll(/"operationId":\s*"([^"]+)"/g)].map((match) => match[1])
    assert.equal(new Set(ids).size, ids.length, 'operation ids are unique')
  })

  test('declares the parameters its paths name, and an answer for each operation', async () => {
    const { body } = await open('/openapi.json')
    for (const [path, item] of Object.entries(Object(at(body, 'paths')))) {
      for (const [method, operation] of Object.entries(Object(item))) {
        if (!['get', 'post', 'put', 'delete', 'patch'].includes(method)) continue
        const where = `${method} ${path}`
        assert.ok(Object.keys(Object(at(operation, 'responses'))).length > 0, where)
        const shared = at(item, 'parameters')
        const own = at(operation, 'parameters')
        const declared = [...(Array.isArray(shared) ? shared : []), ...(Array.isArray(own) ? own : [])]
          .filter((parameter) => at(parameter, 'in') === 'path')
          .map((parameter) => at(parameter, 'name'))
        const named = [...path.matchAll(/\{(\w+)\}/g)].map((match) => match[1])
        assert.deepEqual(declared.toSorted(), named.toSorted(), where)
      }
    }
  })

  test('has pages for people', async () => {
    for (const path of ['/', '/docs']) {
      const page = await open(path)
      assert.equal(page.status, 200, path)
      assert.match(page.headers.get('content-type') ?? '', /^text\/html/)
    }
    assert.match((await open('/')).text, /\/docs/)
    assert.match((await open('/docs')).text, /openapi\.json/)
  })

  test('says without credentials that it lives', async () => {
    for (const path of ['/healthz', '/livez', '/readyz']) assert.equal((await open(path)).status, 200, path)
  })

  test('shows its metrics to who may see them', async () => {
    assert.equal((await open('/metrics')).status, 401)
    assert.equal((await get('/metrics')).status, 403)
    await send(client, 'echo counted')
    const scraper = await newKey(world.parley, 'scraper', ['metrics:read'])
    const metrics = await get('/metrics', scraper)
    assert.equal(metrics.status, 200)
    assert.match(metrics.headers.get('content-type') ?? '', /^text\/plain/)
    assert.match(metrics.text, /^# TYPE \w+ (counter|gauge|histogram)$/m)
    assert.ok(!metrics.text.includes(client.key))
  })

  test('lists tasks, events and contexts page by page', async () => {
    const own = await world.client('pages')
    client = own
    const sent: string[] = []
    for (const n of [1, 2, 3, 4, 5]) sent.push(textAt(await send(own, `echo ${n}`), 'task', 'id'))
    const tasks = await pages('/tasks', 2)
    assert.deepEqual(tasks.map((task) => textAt(task, 'id')).toSorted(), sent.toSorted())
    assert.equal((await pages('/contexts', 2)).length, 5)
    const events = await pages(`/tasks/${sent[0]}/events`, 1)
    assert.deepEqual(
      events.map((event) => at(event, 'seq')),
      events.map((_, index) => index + 1),
    )
    for (const event of events) {
      assert.equal(at(event, 'taskId') ?? sent[0], sent[0])
      textAt(event, 'kind')
      assert.match(textAt(event, 'at'), /Z$/)
    }
    const first = await get('/tasks?limit=100')
    assert.equal(at(first.body, 'total') ?? 5, 5)
  })

  test('creates, shows and revokes keys without ever showing a secret again', async () => {
    const { url, adminKey } = world.parley
    const made = await native(adminKey, 'POST', `${url}/keys`, {
      subject: 'brief',
      scopes: ['tasks:read'],
      label: 'for a moment',
    })
    const secret = textAt(made.body, 'secret')
    const id = textAt(made.body, 'key', 'id')
    assert.ok(!JSON.stringify(at(made.body, 'key')).includes(secret))
    assert.equal((await get('/tasks', secret)).status, 200)
    const listed = await native(adminKey, 'GET', `${url}/keys`)
    assert.equal(listed.status, 200, listed.text)
    assert.ok(listed.text.includes(id) && !listed.text.includes(secret))
    assert.ok((await native(adminKey, 'DELETE', `${url}/keys/${id}`)).status < 300)
    assert.equal((await get('/tasks', secret)).status, 401)
    for (const body of [{ subject: 'x' }, { subject: 'x', scopes: ['everything'] }, { scopes: ['admin'] }]) {
      const refused = await native(adminKey, 'POST', `${url}/keys`, body)
      assert.ok([400, 422].includes(refused.status), refused.text)
    }
  })

  test('logs JSON only, without secrets or what was said', async () => {
    await send(client, 'echo an-unmistakable-sentence')
    const lines = world.parley.child().lines
    for (const line of lines.filter((each) => each.startsWith('{'))) parsed(line)
    const all = lines.join('\n')
    assert.ok(!all.includes('an-unmistakable-sentence'), 'content was logged')
    assert.ok(!all.includes(client.key) && !all.includes(world.parley.adminKey), 'a key was logged')
    assert.match(all, /"taskId"|"task"/)
  })
})
