import assert from 'node:assert/strict'
import { randomUUID } from 'node:crypto'
import { SCOPES, type Scope } from '../../../src/access/principal.ts'
import { newKey as newSigningKey, signed } from '../../../src/access/tokens/forge.case.ts'
import { eventually } from '../eventually.ts'
import { at, textAt } from '../json-path.ts'
import { startKeyServer } from '../key-server.ts'
import { type ParleyOptions, type ParleyProcess, startParley } from '../parley-process.ts'
import { native, send, sendNoWait } from '../rpc.ts'
import { type ScenarioAgent, startScenarioAgent } from '../scenario-agent-process.ts'
import { type About, type Names, ROOT, ruleFor, SCHEME } from './needs.ts'
import type { Visibility } from './verdict.ts'

export const EVERY_SCOPE: readonly Scope[] = SCOPES.filter((scope) => scope !== 'admin')

/** An agent of Alice's, with tasks of hers. */
export type Place = {
  readonly visibility: Visibility
  /** Two ways to name what is there: with a task that goes on, and with one that has ended. */
  readonly running: Names
  readonly ended: Names
  /** Texts of the agent's, and of the tasks', that are shown only to who may see them. */
  readonly mark: string
  readonly secret: string
}

/** Never existed, written as long as what does. */
export const NEVER: { readonly running: Names; readonly ended: Names } = {
  running: neverNamed('0190a0a0-0000-7000-8000-00000000dead'),
  ended: neverNamed('m-nobody'),
}

function neverNamed(agent: string): Names {
  const id = '0190a0a0-0000-7000-8000-00000000beef'
  return {
    agent,
    task: id,
    context: id,
    key: id,
    grant: id,
    channel: id,
    rule: id,
    alert: id,
    name: `matrix-nothing-${id}`,
  }
}

const SLUGS: Readonly<Record<Visibility, string>> = {
  public: 'm-public',
  tenant: 'm-tenant',
  restricted: 'm-hidden',
}

/** Claims that a token of the default tenant has; `tenant: 'other'` makes it one of the other. */
export type Claims = Readonly<Record<string, unknown>>

/** A gateway where everything belongs to Alice. */
export type Stage = AsyncDisposable & {
  readonly parley: ParleyProcess
  readonly agent: ScenarioAgent
  readonly alice: string
  readonly places: readonly Place[]
  /** An agent of Alice's with nothing at it: its id. */
  readonly elsewhere: string
  key(
    more: Readonly<Record<string, unknown>>,
    by?: string,
  ): Promise<{ readonly id: string; readonly secret: string }>
  token(claims: Claims): string
  /** Makes a grant on every agent, and on those to come; `takeBack` undoes that. */
  grant(grant: object): Promise<void>
  takeBack(grant: object): Promise<void>
  /** An agent, a grant and a key that may be removed; and a channel, where it is about one. */
  spare(visibility: Visibility, about: About): Promise<Names>
}

export async function openStage(options: ParleyOptions = {}): Promise<Stage> {
  await using opened = new AsyncDisposableStack()
  const signing = newSigningKey('ec')
  const keys = opened.use(await startKeyServer([signing.jwk]))
  const env = {
    PARLEY_GRPC: '0=m-public',
    PARLEY_ROOT_AGENT: SLUGS[ROOT],
    PARLEY_ISSUERS: JSON.stringify([issuerOf(keys.url)]),
    PARLEY_ALLOW_IDENTITY: '127.0.0.1',
    PARLEY_ALLOW_ALERTS: '127.0.0.1',
    ...options.env,
  }
  const parley = opened.use(await startParley({ ...options, env }))
  const agent = opened.use(await startScenarioAgent())

  const key: Stage['key'] = async (more, by = parley.adminKey) => {
    const body = { scopes: EVERY_SCOPE, label: 'matrix', ...more }
    const reply = await native(by, 'POST', `${parley.url}/keys`, body)
    assert.equal(reply.status, 201, reply.text)
    return { id: textAt(reply.body, 'key', 'id'), secret: textAt(reply.body, 'secret') }
  }
  const { secret: alice } = await key({ subject: 'alice' })

  const enrol = async (slug: string, visibility: Visibility): Promise<{ id: string; mark: string }> => {
    const mark = `matrix-agent-${visibility}-${randomUUID()}`
    const apiKeySecurityScheme = { location: 'header', name: 'X-Matrix' }
    const card = {
      ...(agent.card as object),
      name: mark,
      securitySchemes: { [SCHEME]: { apiKeySecurityScheme } },
    }
    const options = { slug, visibility, heartbeatTtlMs: 1000, probe: { text: 'echo probed' } }
    const reply = await native(alice, 'POST', `${parley.url}/agents/register`, { card, ...options })
    assert.equal(reply.status, 201, reply.text)
    return { id: textAt(reply.body, 'id'), mark }
  }

  const grants: object[] = []
  const grantOn = async (id: string, grant: object): Promise<string> => {
    const reply = await native(alice, 'POST', `${parley.url}/agents/${id}/grants`, grant)
    assert.ok(reply.status === 201 || reply.status === 200, reply.text)
    return textAt(reply.body, 'id')
  }
  const newChannel = async (): Promise<string> => {
    const channel = { kind: 'webhook', name: 'matrix', url: keys.url }
    const reply = await native(alice, 'POST', `${parley.url}/alerts/channels`, channel)
    assert.equal(reply.status, 201, reply.text)
    return textAt(reply.body, 'id')
  }
  const ruleOn = async (id: string): Promise<string> => {
    const reply = await native(alice, 'POST', `${parley.url}/alerts/rules`, ruleFor({ agent: id }))
    assert.equal(reply.status, 201, reply.text)
    return textAt(reply.body, 'id')
  }
  const alertOf = (id: string): Promise<string> =>
    eventually('an alert fires', async () => {
      const { body } = await native(alice, 'GET', `${parley.url}/alerts?agent=${id}`)
      return at(body, 'total') === 0 ? undefined : textAt(body, 'items', 0, 'id')
    })
  const someGrant = { to: { subject: 'somebody' }, right: 'discover' }

  const openPlace = async (visibility: Visibility): Promise<Place> => {
    const slug = SLUGS[visibility]
    const { id, mark } = await enrol(slug, visibility)
    const secret = `xyzzy-${visibility}-${randomUUID()}`
    const endpoint = { url: `${parley.url}/a2a/${slug}`, key: alice }
    const ended = await send(endpoint, `echo ${secret}`)
    const running = await sendNoWait(endpoint, 'slow 3600000', { metadata: { secret } })
    const namesOf = async (agent: string, made: unknown) => ({
      agent,
      task: textAt(made, 'task', 'id'),
      context: textAt(made, 'task', 'contextId'),
      key: (await key({ subject: 'nobody' })).id,
      grant: await grantOn(id, someGrant),
      channel: await newChannel(),
      rule: await ruleOn(id),
      alert: await alertOf(id),
      name: mark,
    })
    return {
      visibility,
      running: await namesOf(id, running),
      ended: await namesOf(slug, ended),
      mark,
      secret,
    }
  }

  const places = [await openPlace('public'), await openPlace('tenant'), await openPlace('restricted')]
  const { id: elsewhere } = await enrol('m-elsewhere', 'tenant')
  let spares = 0
  const keep = opened.move()
  return {
    parley,
    agent,
    alice,
    places,
    elsewhere,
    key,
    token: (claims) => {
      const nowS = Math.floor(Date.now() / 1000)
      const said = { iss: keys.url, aud: 'parley', exp: nowS + 600, tenant: 'default', ...claims }
      return signed({ typ: 'at+jwt', alg: 'ES256', kid: signing.kid }, said, signing)
    },
    grant: async (grant) => {
      grants.push(grant)
      for (const { running } of places) await grantOn(running.agent, grant)
    },
    takeBack: async (grant) => {
      const same = JSON.stringify(grant)
      grants.splice(0, Infinity, ...grants.filter((one) => JSON.stringify(one) !== same))
      for (const { running } of places) {
        const path = `/agents/${running.agent}/grants/${await grantOn(running.agent, grant)}`
        assert.equal((await native(alice, 'DELETE', parley.url + path)).status, 204)
      }
    },
    spare: async (visibility, about) => {
      const made = places.find((place) => place.visibility === visibility)
      if (made === undefined) throw new TypeError(`no place is ${visibility}`)
      const { id } = await enrol(`m-spare-${++spares}`, visibility)
      for (const grant of grants) await grantOn(id, grant)
      const credential = `${parley.url}/agents/${id}/credentials/${SCHEME}`
      assert.equal((await native(alice, 'PUT', credential, { key: 'shown-to-agents' })).status, 201)
      return {
        ...made.ended,
        agent: id,
        key: (await key({ subject: 'nobody' })).id,
        grant: await grantOn(id, someGrant),
        ...(about === 'channel' && { channel: await newChannel() }),
        rule: await ruleOn(id),
      }
    },
    [Symbol.asyncDispose]: () => keep.disposeAsync(),
  }
}

const issuerOf = (url: string) => ({
  alias: 'corp',
  issuer: url,
  jwksUrl: `${url}/jwks`,
  audience: 'parley',
  tenants: ['default', 'other'],
  scopes: SCOPES,
  claims: { tenant: 'tenant' },
})

/** Waits until a key that ends soon has ended. */
export async function ended(parley: ParleyProcess, key: string): Promise<string> {
  await eventually('the key has ended', async () => {
    const { status } = await native(key, 'GET', `${parley.url}/agents`)
    return status === 401 ? true : undefined
  })
  return key
}
