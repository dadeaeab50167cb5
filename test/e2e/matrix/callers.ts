import assert from 'node:assert/strict'
import { OPERATIONS } from '../../../src/a2a/operation.ts'
import { SCOPES, type Scope } from '../../../src/access/principal.ts'
import { native } from '../rpc.ts'
import { EVERY_SCOPE, ended, type Stage } from './stage.ts'
import type { Caller } from './verdict.ts'

const OURS = { credential: 'good', tenant: 'ours', scopes: new Set(EVERY_SCOPE), owns: false } as const

/** Each operation is in one of them. */
const ODD = OPERATIONS.filter((_, index) => index % 2 === 1)
const EVEN = OPERATIONS.filter((_, index) => index % 2 === 0)

/** Everybody who asks: each is one cause of a refusal, or somebody who is refused nothing. */
export async function gatherCallers(stage: Stage): Promise<readonly Caller[]> {
  const { parley, key, token } = stage
  const soon = await key({ subject: 'alice', expiresAt: Date.now() + 1500 })
  const revoked = await key({ subject: 'alice' })
  const gone = await native(parley.adminKey, 'DELETE', `${parley.url}/keys/${revoked.id}`)
  assert.equal(gone.status, 204, gone.text)
  const scope = EVERY_SCOPE.join(' ')
  const founder = token({ sub: 'founder', scope: 'admin', tenant: 'other' })
  const bad = (name: string, secret: string): Caller => ({
    ...OURS,
    name,
    key: secret,
    credential: 'bad',
    owns: true,
  })

  const granted = async (name: string, grant: NonNullable<Caller['grant']>): Promise<Caller> => {
    const subject = name.replaceAll(' ', '-')
    await stage.grant({ to: { subject }, ...grant })
    return { ...OURS, name, key: (await key({ subject })).secret, grant }
  }
  await stage.grant({ to: { group: 'corp:staff' }, right: 'invoke' })
  const once = { to: { subject: 'once' }, right: 'manage' } as const
  await stage.grant(once)
  await stage.takeBack(once)

  return [
    { ...OURS, name: 'the owner', key: stage.alice, owns: true },
    { ...OURS, name: 'the admin', key: parley.adminKey, scopes: new Set<Scope>(['admin']) },
    { ...OURS, name: 'another owner', key: (await key({ subject: 'bob' })).secret },
    { ...OURS, name: 'another owner with a token', key: token({ sub: 'alice', scope }) },
    {
      ...OURS,
      name: 'another tenant',
      tenant: 'other',
      // The same subject, but elsewhere.
      key: (await key({ subject: 'alice', scopes: ['admin'] }, founder)).secret,
      scopes: new Set(SCOPES),
    },
    {
      ...OURS,
      name: 'another tenant with a token',
      tenant: 'other',
      key: token({ sub: 'alice', scope, tenant: 'other' }),
    },
    ...(await Promise.all(
      EVERY_SCOPE.map(async (missing) => {
        const scopes = EVERY_SCOPE.filter((held) => held !== missing)
        const { secret } = await key({ subject: 'alice', scopes })
        return { ...OURS, name: `missing scope ${missing}`, key: secret, scopes: new Set(scopes), owns: true }
      }),
    )),
    await granted('grant of discover', { right: 'discover' }),
    await granted('grant of invoke', { right: 'invoke' }),
    await granted('grant of manage', { right: 'manage' }),
    await granted('grant for other operations only', { right: 'invoke', operations: ODD }),
    await granted('grant for the other operations only', { right: 'invoke', operations: EVEN }),
    { ...OURS, name: 'grant taken back', key: (await key({ subject: 'once' })).secret },
    {
      ...OURS,
      name: 'grant of a group',
      key: token({ sub: 'carol', scope, groups: ['staff', 'others'] }),
      grant: { right: 'invoke' },
    },
    {
      ...OURS,
      name: 'key limited to another agent',
      key: (await key({ subject: 'alice', agents: [stage.elsewhere] })).secret,
      owns: true,
      isLimited: true,
    },
    {
      ...OURS,
      name: 'admin key limited to another agent',
      key: (await key({ subject: 'root', scopes: ['admin'], agents: [stage.elsewhere] })).secret,
      scopes: new Set(SCOPES),
      isLimited: true,
    },
    { ...OURS, name: 'no credential', credential: 'none', scopes: new Set(['agents:read']) },
    bad('unknown credential', `parley_${'0'.repeat(43)}`),
    bad('revoked key', revoked.secret),
    bad('expired key', await ended(parley, soon.secret)),
    bad('expired token', token({ sub: 'alice', scope, exp: Math.floor(Date.now() / 1000) - 60 })),
    bad('token for somebody else', token({ sub: 'alice', scope, aud: 'payroll' })),
  ]
}
