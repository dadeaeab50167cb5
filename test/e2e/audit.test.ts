import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { after, before, describe, test } from 'node:test'
import { at, listAt, textAt } from './json-path.ts'
import { type Endpoint, errorOf, native, rpc, send } from './rpc.ts'
import { startWorld, type World } from './world.ts'

const CLI = new URL('../../src/cli/cli.ts', import.meta.url).pathname

/** What a client says, and what an agent answers: none of it belongs in the log. */
const CONTENT = 'echo a word that nobody else says'

describe('the audit log', { timeout: 180_000 }, () => {
  const opened = new AsyncDisposableStack()
  let world: World
  let bob: Required<Endpoint>
  let task: string
  let context: string

  before(async () => {
    world = opened.use(await startWorld())
    bob = await world.client('bob')
    const sent = await send(bob, CONTENT)
    task = textAt(sent, 'task', 'id')
    context = textAt(sent, 'task', 'contextId')
  })
  after(() => opened.disposeAsync())

  const ask = (
    method: string,
    path: string,
    body?: unknown,
    key: string | undefined = world.parley.adminKey,
    headers?: Readonly<Record<string, string>>,
  ) => native(key, method, `${world.parley.url}${path}`, body, headers)

  const entriesOf = async (query: string): Promise<readonly unknown[]> => {
    const reply = await ask('GET', `/audit?${query}`)
    assert.equal(reply.status, 200, reply.text)
    return listAt(reply.body, 'items')
  }

  const newest = async (query: string): Promise<unknown> => {
    const [entry] = await entriesOf(`limit=1&${query}`)
    assert.ok(entry !== undefined, `there is an entry with ${query}`)
    return entry
  }

  /** What a pseudonym of an entry stands for. */
  const nameOf = (entry: unknown, ...path: readonly string[]): string =>
    textAt(entry, 'names', textAt(entry, ...path), 'text')

  const exportLines = async (): Promise<string> => {
    const { url, adminKey } = world.parley
    const headers = { authorization: `Bearer ${adminKey}`, accept: 'application/jsonl' }
    const response = await fetch(`${url}/audit`, { headers })
    assert.equal(response.status, 200)
    assert.equal(response.headers.get('content-type'), 'application/jsonl')
    return response.text()
  }

  const verify = async (text: string, ...more: readonly string[]) => {
    const file = join(world.parley.dataDir, 'audit.jsonl')
    await writeFile(file, text)
    const { status, stdout } = spawnSync(process.execPath, [CLI, 'audit', 'verify', file, ...more], {
      encoding: 'utf8',
    })
    return { status, stdout }
  }

  test('says who made, changed and removed agents and keys, with what, and from where', async () => {
    const registered = await newest('action=agent.register')
    assert.equal(nameOf(registered, 'principal'), 'key:admin')
    assert.equal(nameOf(registered, 'from'), '127.0.0.1')
    assert.equal(textAt(registered, 'details', 'slug'), 'scenario')
    assert.equal(textAt(registered, 'outcome'), 'allowed')

    const admin = (await entriesOf('limit=100&action=key.create')).at(-1)
    assert.deepEqual(
      [nameOf(admin, 'principal'), nameOf(admin, 'subjects', 'subject')],
      ['parley', 'key:admin'],
    )

    const made = await newest('action=key.create')
    assert.equal(nameOf(made, 'subjects', 'subject'), 'key:bob')
    await ask('DELETE', `/keys/${textAt(made, 'target', 'id')}`)
    const revoked = await newest(`target_kind=key&target_id=${textAt(made, 'target', 'id')}`)
    assert.equal(textAt(revoked, 'action'), 'key.revoke')
    bob = await world.client('bob')
  })

  test('says who canceled a task', async () => {
    const slow = textAt(
      await send(bob, 'slow 60000', { configuration: { returnImmediately: true } }),
      'task',
      'id',
    )

    await rpc(bob, 'CancelTask', { id: slow })

    const canceled = await newest(`target_kind=task&target_id=${slow}`)
    assert.deepEqual([textAt(canceled, 'action'), nameOf(canceled, 'principal')], ['task.cancel', 'key:bob'])
  })

  test("says what an admin read of others before showing it, and nothing of a client's own reads", async () => {
    const before = (await entriesOf('limit=100&principal=key:bob')).length
    for (const [path, action] of [
      [`/tasks/${task}`, 'task.read'],
      [`/tasks/${task}/events`, 'task.read'],
      ['/tasks', 'task.list'],
      ['/contexts', 'context.list'],
      [`/contexts/${context}/history`, 'context.read'],
    ] as const) {
      const shown = await ask('GET', path, undefined, world.parley.adminKey, {
        'x-request-id': `read-${path}`.replaceAll('/', '.'),
      })
      assert.equal(shown.status, 200, shown.text)
      const read = await newest(`principal=key:admin&action=${action}`)
      assert.equal(textAt(read, 'requestId'), shown.headers.get('x-request-id'))
      assert.equal(nameOf(read, 'subjects', 'owner'), 'key:bob')
      assert.equal((await ask('GET', path, undefined, bob.key)).status, 200)
    }
    assert.equal((await entriesOf('limit=100&principal=key:bob')).length, before)
  })

  test('says who was refused and why, whatever they were told', async () => {
    const eve = await world.client('eve')
    const reader = await world.client('reader', ['agents:read'])
    for (let n = 0; n < 3; n++) {
      assert.equal(errorOf(await rpc(eve, 'GetTask', { id: task })).code, -32001)
    }
    await ask('GET', `/tasks/${task}`, undefined, eve.key)
    await ask('DELETE', '/agents/scenario', undefined, eve.key)
    await ask('GET', '/tasks', undefined, reader.key)

    const denied = await entriesOf('outcome=denied&principal=key:eve')
    assert.deepEqual(
      denied
        .map((entry) => [
          textAt(entry, 'target', 'kind'),
          textAt(entry, 'reason'),
          at(entry, 'repeated', 'count'),
        ])
        .sort(),
      [
        ['operation', 'scope', 1],
        ['task', 'hidden', 1],
        ['task', 'hidden', 3],
      ],
    )
    const [scope] = await entriesOf('outcome=denied&principal=key:reader')
    assert.equal(textAt(scope, 'details', 'scope'), 'tasks:read')
  })

  test('counts callers that nobody knows in one entry for each address', async () => {
    for (let n = 0; n < 50; n++) {
      assert.equal((await ask('GET', '/tasks', undefined, `pk_guess-${n}`)).status, 401)
    }

    const [entry] = await entriesOf('action=caller.refuse')
    assert.equal(at(entry, 'repeated', 'count'), 50)
    assert.equal(nameOf(entry, 'from'), '127.0.0.1')
  })

  test('is refused to all but admins, and says so', async () => {
    assert.equal((await ask('GET', '/audit', undefined, bob.key)).status, 403)
    assert.equal((await ask('POST', '/audit/erase', { subject: 'key:bob' }, bob.key)).status, 403)

    const [refused] = await entriesOf('outcome=denied&principal=key:bob')
    assert.match(textAt(refused, 'target', 'id'), /\/audit/)
    const unknown = await ask('GET', '/audit?action=everything')
    assert.equal(unknown.status, 400)
    const filtered = await ask('GET', '/audit?outcome=denied', undefined, world.parley.adminKey, {
      accept: 'application/x-ndjson',
    })
    assert.equal(filtered.status, 400)
  })

  test('forgets a person, and can still be verified', async () => {
    const { adminKey } = world.parley
    await ask('DELETE', '/agents/nothing', undefined, (await world.client('mallory')).key)
    assert.match(await exportLines(), /key:mallory/)

    assert.equal((await ask('POST', '/audit/erase', { subject: 'key:mallory' }, adminKey)).status, 204)

    const text = await exportLines()
    assert.doesNotMatch(text, /key:mallory/)
    const { status, stdout } = await verify(text)
    assert.equal(status, 0, stdout)
  })

  test('holds neither secrets nor content', async () => {
    const text = await exportLines()

    assert.doesNotMatch(text, /a word that nobody else says/)
    for (const secret of [bob.key, world.parley.adminKey]) assert.ok(!text.includes(secret))
  })

  test('is verified offline, over the restarts of the gateway and against its log', async () => {
    await world.parley.stop()
    const log = join(world.parley.dataDir, 'parley.log')
    await writeFile(log, world.parley.child().lines.join('\n'))
    assert.match(await readFile(log, 'utf8'), /"event":"audit_head"/)
    await world.parley.restart()

    const text = await exportLines()

    const whole = await verify(text, '--log', log)
    assert.equal(whole.status, 0, whole.stdout)
    assert.match(whole.stdout, /entries in 2 chains, compared with [1-9]\d* heads in .*: they hold/)
    const lines = text.split('\n')
    const changed = await verify(lines.with(4, lines[4]?.replace('"allowed"', '"denied"') ?? '').join('\n'))
    assert.equal(changed.status, 1)
    assert.match(changed.stdout, /audit\.jsonl:5: entry 5 of writer \S+ was changed/)
    const missing = await verify(lines.toSpliced(3, 1).join('\n'))
    assert.match(missing.stdout, /audit\.jsonl:4: entry 5 of writer \S+ follows entry 3: entry 4 is missing/)
    const firstWriter = textAt(JSON.parse(lines[0] ?? ''), 'writer')
    const ofFirst = lines.filter((line) => line.includes(firstWriter))
    const cut = await verify([...ofFirst.slice(0, -1), ''].join('\n'), '--log', log)
    assert.match(cut.stdout, /the log has seen entry \d+ of writer \S+: its chain was cut off after \d+/)
  })
})
