import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { mkdtemp, readFile, rm, stat } from 'node:fs/promises'
import { connect } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, test } from 'node:test'
import { newKey as newSigningKey, signed } from '../../src/access/tokens/forge.case.ts'
import { openSmtpServer } from '../../src/upstream/smtp-server.case.ts'
import { CERTIFICATE, PRIVATE_KEY } from '../../src/upstream/tls-identity.case.ts'
import { eventually } from './eventually.ts'
import { at, listAt, parsed, textAt } from './json-path.ts'
import { startKeyServer } from './key-server.ts'
import { ownKeysOf } from './own-keys.ts'
import { type ParleyProcess, startParley } from './parley-process.ts'
import { agentCard } from './raw-agent.ts'
import { createRawWays } from './raw-ways.ts'
import { native, readReply } from './rpc.ts'
import { type CarelessServer, startCarelessServer } from './secrets/careless-server.ts'
import { filesOf, findSecrets, formsOf, type Place } from './secrets/find-secrets.ts'
import { useChannels } from './secrets/use-channels.ts'

/** Where a secret must be, for there is nowhere else to have it from. */
const KEPT: Readonly<Record<string, string>> = {
  'the admin key': 'file admin.key',
  'the master key': 'file master.key',
  'the key of page cursors': 'file cursor.key',
}

/** Security schemes of a card of A2A 1.0, and what is stored for each. */
const schemesOf = (server: string) =>
  ({
    header: [
      { apiKeySecurityScheme: { location: 'header', name: 'X-Agent-Key' } },
      (secret: string) => ({ key: secret }),
    ],
    query: [
      { apiKeySecurityScheme: { location: 'query', name: 'api_key' } },
      (secret: string) => ({ key: secret }),
    ],
    cookie: [
      { apiKeySecurityScheme: { location: 'cookie', name: 'session' } },
      (secret: string) => ({ key: secret }),
    ],
    basic: [
      { httpAuthSecurityScheme: { scheme: 'Basic' } },
      (secret: string) => ({ username: 'parley', password: secret }),
    ],
    bearer: [{ httpAuthSecurityScheme: { scheme: 'Bearer' } }, (secret: string) => ({ token: secret })],
    oauth: [
      {
        oauth2SecurityScheme: {
          flows: { clientCredentials: { tokenUrl: `${server}/token`, scopes: { call: 'Calls' } } },
        },
      },
      (secret: string) => ({ clientId: 'parley', clientSecret: secret }),
    ],
    refused: [
      {
        oauth2SecurityScheme: {
          flows: { clientCredentials: { tokenUrl: `${server}/token/bad`, scopes: { call: 'Calls' } } },
        },
      },
      (secret: string) => ({ clientId: 'parley', clientSecret: secret, authentication: 'post' }),
    ],
    oidc: [
      {
        openIdConnectSecurityScheme: {
          openIdConnectUrl: `${server}/metadata/.well-known/openid-configuration`,
        },
      },
      (secret: string) => ({ clientId: 'parley', clientSecret: secret }),
    ],
  }) as const

/** Agents that work, and agents that fail in their own ways and repeat what they were told. */
const KINDS = ['good', 'careless', 'refuses', 'complains', 'mumbles', 'babbles'] as const

const slugOf = (scheme: string, kind: (typeof KINDS)[number]): string =>
  kind === 'good' ? `to-${scheme}` : `to-${scheme}-${kind}`

describe('after a run that uses every kind of secret, well and badly', { timeout: 180_000 }, () => {
  const opened = new AsyncDisposableStack()
  const secrets = new Map<string, string>()
  const places: Place[] = []
  let parley: ParleyProcess
  let server: CarelessServer
  let admin: string

  /** A new secret; everything about it is unlikely to be there by chance, and much of it has to be encoded somewhere. */
  const secret = (name: string, more = '/+&"'): string => {
    const text = `${more}${randomBytes(18).toString('base64url')}`
    secrets.set(name, text)
    return text
  }

  /** The same, in the form of those that webhooks are signed with. */
  const signingSecret = (name: string): string => {
    const text = `whsec_${randomBytes(32).toString('base64')}`
    secrets.set(name, text)
    return text
  }

  /** Notes an answer that may hold no secret at all. */
  async function ask(
    name: string,
    method: string,
    path: string,
    sent: { readonly key?: string; readonly headers?: Record<string, string>; readonly body?: unknown } = {},
  ) {
    const { key = admin, headers = {}, body } = sent
    const response = await fetch(parley.url + path, {
      method,
      headers: {
        ...(key !== '' && { authorization: `Bearer ${key}` }),
        ...(body !== undefined && { 'content-type': 'application/json' }),
        ...headers,
      },
      ...(body !== undefined && { body: typeof body === 'string' ? body : JSON.stringify(body) }),
    })
    const reply = await readReply(response)
    places.push({ name: `answer to ${name}`, text: `${JSON.stringify([...reply.headers])} ${reply.text}` })
    return reply
  }

  before(async () => {
    const dataDir = await mkdtemp(join(tmpdir(), 'parley-secrets-'))
    opened.defer(() => rm(dataDir, { recursive: true, force: true }))
    server = opened.use(await startCarelessServer(secret('an access token from an authorization server', '')))
    const mail = opened.use(await openSmtpServer({ answers: { AUTH: (line) => `535 you said ${line}` } }))
    const signing = newSigningKey('ec')
    const keys = opened.use(await startKeyServer([signing.jwk]))
    parley = opened.use(
      await startParley({
        dataDir,
        env: {
          PARLEY_ADMIN_KEY: '',
          PARLEY_LOG_LEVEL: 'trace',
          PARLEY_GRPC: '0=to-header',
          PARLEY_ALLOW_IDENTITY: '127.0.0.1',
          PARLEY_ALLOW_ALERTS: '127.0.0.1',
          PARLEY_SMTP_URL: `smtp://parley:${encodeURIComponent(secret('the password for mail'))}@127.0.0.1:${mail.port}`,
          PARLEY_SMTP_FROM: 'parley@example.org',
          PARLEY_ISSUERS: JSON.stringify([
            {
              alias: 'corp',
              issuer: keys.url,
              jwksUrl: `${keys.url}/jwks`,
              audience: 'parley',
              tenants: ['default'],
              scopes: ['tasks:submit', 'tasks:read', 'agents:read'],
            },
          ]),
          // Misspelt, so that it is reported.
          PARLEY_ADMIN_KYE: secret('a setting of no known name'),
          HTTPS_PROXY: `http://parley:${secret('the password of a proxy', '')}@127.0.0.1:49151`,
          NO_PROXY: '127.0.0.1',
        },
      }),
    )
    admin = (await readFile(join(dataDir, 'admin.key'), 'utf8')).trim()
    secrets.set('the admin key', admin)
    secrets.set('the master key', (await readFile(join(dataDir, 'master.key'), 'utf8')).trim())
    secrets.set('the key of page cursors', (await readFile(join(dataDir, 'cursor.key'), 'utf8')).trim())

    const nowS = Math.floor(Date.now() / 1000)
    const claims = {
      iss: keys.url,
      aud: 'parley',
      sub: 'ada',
      exp: nowS + 600,
      scope: 'tasks:read agents:read',
    }
    const header = { typ: 'at+jwt', alg: 'ES256', kid: signing.kid }
    for (const [name, token] of [
      ['a good token', signed(header, claims, signing)],
      ['an expired token', signed(header, { ...claims, exp: nowS - 600 }, signing)],
      ['a forged token', signed(header, claims, newSigningKey('ec'))],
    ] as const) {
      secrets.set(name, token)
      secrets.set(`the signature of ${name}`, token.split('.')[2] ?? '')
      await ask(`a call with ${name}`, 'GET', '/agents', { key: token })
      await ask(`A2A with ${name}`, 'POST', '/a2a/to-header', { key: token, body: call('ListTasks', {}) })
    }
    await useKeys()
    await useAgents()
    await useChannels({ server: server.url, ask, secret, signing: signingSecret })
    await sendSecretsToWrongPlaces()
    await readEverything()
    for (const { headers } of server.received) noteServiceTokens(Object.values(headers))
    for (const [use, own] of Object.entries(await ownKeysOf(dataDir))) {
      for (const { privateKey } of own) {
        const { d = '' } = privateKey.export({ format: 'jwk' })
        secrets.set(`a private key to sign a ${use} with`, d)
      }
    }
    // While it runs, with what is only in the WAL yet; and afterwards.
    places.push(...(await filesOf(dataDir)))
    assert.equal((await parley.stop()).code, 0)
    places.push(...(await filesOf(dataDir)))
    places.push({ name: 'the log', text: parley.child().lines.join('\n') })
  })
  after(() => opened.disposeAsync())

  const call = (method: string, params: object) => ({ jsonrpc: '2.0', id: 1, method, params })

  /** Keys that are made, used, rotated, revoked; the only answers that may hold them are not kept. */
  async function useKeys(): Promise<void> {
    const body = { subject: 'ada', scopes: ['tasks:submit', 'tasks:read', 'agents:read'], label: 'ada' }
    const made = await native(admin, 'POST', `${parley.url}/keys`, body)
    const id = textAt(made.body, 'key', 'id')
    const key = textAt(made.body, 'secret')
    secrets.set('an API key', key)
    await ask('a call with a key', 'GET', '/agents', { key })
    await ask('a call with X-API-Key', 'GET', '/agents', { key: '', headers: { 'x-api-key': key } })
    const rotated = await native(admin, 'POST', `${parley.url}/keys/${id}/rotate`, {})
    secrets.set('a rotated API key', textAt(rotated.body, 'secret'))
    await ask('a key', 'GET', `/keys/${id}`)
    await ask('a revocation', 'DELETE', `/keys/${id}`)
    await ask('a call with a revoked key', 'GET', '/agents', { key })
  }

  /** Agents of every scheme: those that work, and those that repeat what they were told. */
  async function useAgents(): Promise<void> {
    for (const [scheme, [declared, bodyOf]] of Object.entries(schemesOf(server.url))) {
      for (const kind of KINDS) {
        const slug = slugOf(scheme, kind)
        const card = agentCard(`${server.url}/${kind}/${scheme}`, {
          securitySchemes: { [scheme]: declared },
          securityRequirements: [{ schemes: { [scheme]: { list: [] } } }],
        })
        const { status, text } = await ask(`registering ${slug}`, 'POST', '/agents/register', {
          body: { card, slug },
        })
        assert.equal(status, 201, text)
        const body = bodyOf(secret(`what is stored for ${slug}`, scheme === 'cookie' ? '/+&' : '/+&"'))
        const stored = await ask(`storing for ${slug}`, 'PUT', `/agents/${slug}/credentials/${scheme}`, {
          body,
        })
        assert.equal(stored.status, 201, stored.text)
        const message = { messageId: slug, role: 'ROLE_USER', parts: [{ text: 'hello' }] }
        await ask(`a message to ${slug}`, 'POST', `/a2a/${slug}`, { body: call('SendMessage', { message }) })
      }
    }
    const mutual = { mtlsSecurityScheme: {} }
    const card = agentCard('https://127.0.0.1:49151/', {
      securitySchemes: { mutual },
      securityRequirements: [{ schemes: { mutual: { list: [] } } }],
    })
    const made = await ask('registering mutual', 'POST', '/agents/register', {
      body: { card, slug: 'mutual' },
    })
    assert.equal(made.status, 201, made.text)
    const body = { certificate: CERTIFICATE, key: PRIVATE_KEY }
    const stored = await ask('storing for mutual', 'PUT', '/agents/mutual/credentials/mutual', { body })
    assert.equal(stored.status, 201, stored.text)
    secrets.set('a private key to connect with', PRIVATE_KEY.split('\n')[1] ?? '')
    const message = { messageId: 'mutual', role: 'ROLE_USER', parts: [{ text: 'hello' }] }
    await ask('a message to mutual', 'POST', '/a2a/mutual', { body: call('SendMessage', { message }) })
  }

  async function sendSecretsToWrongPlaces(): Promise<void> {
    const lost = () => secret(`a secret in the wrong place, ${secrets.size}`)
    const encoded = () => encodeURIComponent(lost())
    const anyone = { key: '' }
    for (const name of ['access_token', 'api_key', 'key', 'nonsense', 'cursor', 'limit']) {
      await ask(`the query ${name}`, 'GET', `/agents?${name}=${encoded()}`, anyone)
      await ask(`the query ${name} by the admin`, 'GET', `/keys?${name}=${encoded()}`)
    }
    for (const path of ['/keys/', '/agents/', '/contexts/', '/no/such/path/']) {
      await ask(`a path below ${path}`, 'GET', path + encoded())
      await ask(`a path below ${path}, by nobody`, 'POST', path + encoded(), { ...anyone, body: {} })
    }
    const key = { subject: 'x', scopes: ['admin'], label: 'x' }
    await ask('a member too many', 'POST', '/keys', { body: { ...key, secret: lost() } })
    await ask('a wrong type', 'POST', '/keys', { body: { ...key, scopes: lost() } })
    await ask('a wrong subject', 'POST', '/keys', { body: { ...key, subject: `two words ${lost()}` } })
    await ask('half a body', 'POST', '/keys', { body: `{"secret":"${lost()}` })
    for (const [name, body] of [
      ['half a credential', () => `{"key":"${lost()}`],
      ['no JSON', () => lost()],
      ['a list', () => [lost()]],
      ['another kind', () => ({ password: lost() })],
      ['a member too many', () => ({ key: lost(), note: lost() })],
      ['an invisible character', () => ({ key: `${lost()}\n` })],
      ['a name that is a secret', () => ({ [lost()]: 'x' })],
    ] as const) {
      await ask(`${name} for an agent`, 'PUT', '/agents/to-header/credentials/header', { body: body() })
    }
    await ask('a bad certificate', 'PUT', '/agents/mutual/credentials/mutual', {
      body: {
        certificate: CERTIFICATE,
        key: `-----BEGIN PRIVATE KEY-----\n${lost()}\n-----END PRIVATE KEY-----`,
      },
    })
    for (const url of [
      'https://user:S@cards.example/card.json',
      'http://user:S@127.0.0.1/',
      'ftp://S@host/',
    ]) {
      const body = { cardUrl: url.replace('S', encoded()) }
      await ask(`userinfo in ${url}`, 'POST', '/agents/register', { body })
      const card = agentCard(url.replace('S', encoded()))
      await ask(`userinfo in a card, ${url}`, 'POST', '/agents/register', { body: { card } })
    }
    await ask('a card behind a proxy', 'POST', '/agents/register', {
      body: { cardUrl: 'https://cards.example/card.json' },
    })
    for (const scheme of ['Token', 'Bearer', 'Digest', '']) {
      const headers = { authorization: `${scheme} ${lost()}` }
      await ask(`the scheme ${scheme}`, 'GET', '/agents', { ...anyone, headers })
      await ask(`A2A with the scheme ${scheme}`, 'POST', '/a2a/to-header', { ...anyone, headers, body: {} })
    }
    const basic = `Basic ${Buffer.from(`ada:${lost()}`).toString('base64')}`
    await ask('Basic', 'GET', '/agents', { ...anyone, headers: { authorization: basic } })
    for (const name of [
      'cookie',
      'parley-identity',
      'x-forwarded-for',
      'a2a-version',
      'x-request-id',
      'traceparent',
    ]) {
      await ask(`the header ${name}`, 'GET', '/tasks', { headers: { [name]: lost() } })
    }
    for (const params of [
      () => ({ id: 'x', apiKey: lost() }),
      () => ({ id: { secret: lost() } }),
      () => ({ id: 'x', historyLength: lost() }),
      () => lost(),
    ]) {
      const body = { jsonrpc: '2.0', id: 1, method: 'GetTask', params: params() }
      await ask('parameters', 'POST', '/a2a/to-header', { body })
      await ask('parameters, by nobody', 'POST', '/a2a/to-header', { ...anyone, body })
    }
    const forged = `\n{"level":"info","event":"ready","url":"http://forged.example"}\n\u001b[2J`
    await ask('a forged record in a method', 'POST', '/a2a/to-header', { body: call(forged, {}) })
    await ask('a forged record in an id', 'POST', '/a2a/to-header', { body: call('GetTask', { id: forged }) })
    await ask('a forged record in a subject', 'POST', '/keys', { body: { ...key, subject: forged } })
    await ask('a forged record in a label', 'POST', '/keys', { body: { ...key, label: forged } })
    await ask('a forged record in a card', 'POST', '/agents/register', {
      body: { card: agentCard(server.url, { name: forged }), slug: 'forged' },
    })
    await ask('a forged record in a path', 'GET', `/agents/${encodeURIComponent(forged)}`)
    await ask('a method', 'POST', '/a2a/to-header', { body: call(lost(), {}) })
    await ask('half a call', 'POST', '/a2a/to-header', { body: `{"jsonrpc":"2.0","params":"${lost()}` })
    const hook = {
      taskId: 'x',
      url: `https://user:${encoded()}@hook.example/?k=${encoded()}`,
      token: lost(),
      authentication: { scheme: 'Bearer', credentials: lost() },
    }
    await ask('a webhook', 'POST', '/a2a/to-header', { body: call('CreateTaskPushNotificationConfig', hook) })

    await using ways = { ...createRawWays(), [Symbol.asyncDispose]: async () => ways.close() }
    const [grpc = ''] = parley.grpc
    for (const [name, sent] of [
      ['authorization', `Token ${lost()}`],
      ['x-api-key', lost()],
      ['cookie', lost()],
      ['a2a-extensions', lost()],
    ] as const) {
      const way = { version: '1.0', binding: 'GRPC' } as const
      const caller = ways.over(way, { url: parley.url, grpc, agent: 'to-header', key: undefined })
      const { shown } = await caller.ask({ operation: 'GetTask', id: 'x' }, { [name]: sent })
      places.push({ name: `answer over gRPC to ${name}`, text: shown })
    }
    await sendGarbage(`GET /?key=${encoded()} HTTP/1.1\r\nHost: x\r\nAuthorization ${lost()}\r\n\r\n`)
    await sendGarbage(`${lost()}\r\n\r\n`)
  }

  /** Bytes that are no request. */
  async function sendGarbage(text: string): Promise<void> {
    const socket = connect(Number(new URL(parley.url).port), '127.0.0.1')
    const chunks: Buffer[] = []
    socket.on('data', (chunk) => chunks.push(chunk))
    socket.on('error', () => {})
    socket.end(text)
    await once(socket, 'close')
    places.push({ name: 'answer to garbage', text: Buffer.concat(chunks).toString() })
  }

  /** Everything that the admin can read. */
  async function readEverything(): Promise<void> {
    const { body } = await ask('the description', 'GET', '/openapi.json')
    const paths = Object.entries(at(body, 'paths') as object).filter(([, methods]) => 'get' in methods)
    const tasks = await ask('tasks', 'GET', '/tasks?limit=100')
    const ids = listAt(tasks.body, 'items').map((task) => textAt(task, 'id'))
    const contexts = await ask('contexts', 'GET', '/contexts?limit=100')
    const of = {
      agent: Object.keys(schemesOf('')).flatMap((scheme) => KINDS.map((kind) => slugOf(scheme, kind))),
      task: ids,
      context: listAt(contexts.body, 'items').map((context) => textAt(context, 'contextId')),
    }
    assert.ok(ids.length >= of.agent.length, tasks.text)
    for (const id of ids) await settled(id)
    for (const [path] of paths) {
      const names = path.startsWith('/tasks') ? of.task : path.startsWith('/contexts') ? of.context : of.agent
      for (const name of path.includes('{') ? names : ['']) {
        await ask(path, 'GET', path.replace(/\{\w+\}/, name))
      }
    }
  }

  const settled = (id: string) =>
    eventually(`task ${id} has ended`, async () => {
      const { body } = await native(admin, 'GET', `${parley.url}/tasks/${id}`)
      return /COMPLETED|FAILED|REJECTED/.test(String(at(body, 'status', 'state'))) ? true : undefined
    })

  function noteServiceTokens(values: readonly unknown[]): void {
    for (const value of values) {
      const [token] = /ey[\w-]+\.[\w-]+\.[\w-]+/.exec(String(value)) ?? []
      if (token !== undefined) secrets.set(`service token ${secrets.size}`, token.split('.')[2] ?? '')
    }
  }

  test('the run was what it is taken for', () => {
    const shown = server.received
      .map(({ url, headers, body }) => JSON.stringify([url, headers, body]))
      .join('\n')
    for (const scheme of ['header', 'query', 'cookie', 'basic', 'bearer', 'oauth', 'refused', 'oidc']) {
      const forms = [...formsOf(secrets.get(`what is stored for to-${scheme}`) ?? '').values()]
      assert.ok(
        forms.some((form) => shown.includes(form)),
        `the credential for ${scheme} was used`,
      )
    }
    assert.ok(shown.includes(secrets.get('an access token from an authorization server') ?? '-'))
    const names = [...secrets.keys()]
    assert.ok(names.filter((name) => name.startsWith('service token')).length > 10, names.join('\n'))
    assert.equal(names.filter((name) => name.startsWith('a private key to sign')).length, 3)
    assert.ok(secrets.size > 120, String(secrets.size))
    assert.ok(places.some(({ name }) => name === 'file parley.db-wal'))
    const log = places.find(({ name }) => name === 'the log')?.text ?? ''
    assert.match(log, /PARLEY_ADMIN_KYE/)
  })

  test('none of them stands in a log, an answer or a file', () => {
    const found = findSecrets(secrets, places, (name, place) => KEPT[name] === place)

    assert.deepEqual(found.slice(0, 30), [], `${found.length} found in ${places.length} places`)
  })

  test('every line of the log is one record, whatever callers and agents write', () => {
    // What is said before there is a log begins with the program's name.
    for (const line of parley.child().lines.filter((said) => !said.startsWith('parley: '))) {
      const record = parsed(line)
      assert.equal(typeof at(record, 'time'), 'string', line)
      assert.notEqual(at(record, 'url'), 'http://forged.example')
      // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what must not be there
      assert.doesNotMatch(line, /[\u0000-\u001f\u007f]/)
    }
  })

  test('those that are kept as they are can be read by their owner only', async () => {
    for (const name of ['admin.key', 'master.key', 'cursor.key']) {
      assert.equal((await stat(join(parley.dataDir, name))).mode & 0o777, 0o600, name)
    }
    assert.equal((await stat(parley.dataDir)).mode & 0o777, 0o700)
  })
})
