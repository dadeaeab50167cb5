import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import { ACTIONS, type Action, type Resource } from './access.ts'
import { decide } from './decide.ts'
import { ANONYMOUS, type Principal, SCOPES, type Scope } from './principal.ts'

const ALL_BUT_ADMIN = SCOPES.filter((scope) => scope !== 'admin')
const actions = Object.keys(ACTIONS) as Action[]

const principal = (facts: Partial<Omit<Principal, 'scopes'>>, scopes: readonly Scope[]): Principal => ({
  tenant: 'default',
  subject: 'key:other',
  groups: [],
  ...facts,
  scopes: new Set(scopes),
})

const callers: Record<string, Principal> = {
  owner: principal({ subject: 'key:owner' }, ALL_BUT_ADMIN),
  group: principal({ groups: ['key:owner'] }, ALL_BUT_ADMIN),
  other: principal({}, ALL_BUT_ADMIN),
  admin: principal({ subject: 'key:root' }, ['admin']),
  anonymous: ANONYMOUS,
  'other tenant': principal({ tenant: 'acme', subject: 'key:owner' }, SCOPES),
}

const agent = (visibility: 'public' | 'tenant' | 'restricted'): Resource => ({
  kind: 'agent',
  tenant: 'default',
  owner: 'key:owner',
  visibility,
})
const resources: Record<string, Resource> = {
  'public agent': agent('public'),
  'tenant agent': agent('tenant'),
  'restricted agent': agent('restricted'),
  task: { kind: 'task', tenant: 'default', owner: 'key:owner' },
}

/** Who may do what: every caller not listed is refused as `hidden`, or for the scope when anonymous has none. */
const ALLOWED: Readonly<Record<string, Partial<Record<Action, string>>>> = {
  'public agent': {
    discover: 'owner group other admin anonymous',
    invoke: 'owner group other admin',
    read: 'owner group other admin',
    cancel: 'owner group other admin',
    manage: 'owner group admin',
    beat: 'owner group admin',
  },
  'tenant agent': {
    discover: 'owner group other admin',
    invoke: 'owner group other admin',
    read: 'owner group other admin',
    cancel: 'owner group other admin',
    manage: 'owner group admin',
    beat: 'owner group admin',
  },
  'restricted agent': {
    discover: 'owner group admin',
    invoke: 'owner group admin',
    read: 'owner group admin',
    cancel: 'owner group admin',
    manage: 'owner group admin',
    beat: 'owner group admin',
  },
  task: { read: 'owner admin', invoke: 'owner', cancel: 'owner' },
}

describe('decide', () => {
  for (const [what, resource] of Object.entries(resources)) {
    it(`allows on a ${what} exactly what the table says`, () => {
      for (const action of actions) {
        const allowed = ALLOWED[what]?.[action]?.split(' ') ?? []
        for (const [who, caller] of Object.entries(callers)) {
          const decision = decide(caller, action, resource)

          assert.equal(decision.allow, allowed.includes(who), `${who} ${action} ${what}`)
          const missesScope = who === 'anonymous' && action !== 'discover'
          if (!decision.allow) assert.equal(decision.reason, missesScope ? 'scope' : 'hidden')
        }
      }
    })
  }

  it('names the missing scope, whatever the resource is', () => {
    const reader = principal({ subject: 'key:owner' }, ['tasks:read'])
    const foreign: Resource = { kind: 'task', tenant: 'acme', owner: 'key:owner' }

    for (const resource of [...Object.values(resources), foreign]) {
      assert.deepEqual(decide(reader, 'cancel', resource), {
        allow: false,
        reason: 'scope',
        scope: 'tasks:cancel',
      })
    }
  })

  const anyText = fc.constantFrom('', 'default', 'acme', 'key:owner', 'anonymous')
  const anyPrincipal = fc.oneof(
    fc.constant(ANONYMOUS),
    fc
      .record({
        tenant: anyText,
        subject: anyText,
        groups: fc.array(anyText),
        scopes: fc.subarray([...SCOPES]),
      })
      .map((facts): Principal => ({ ...facts, scopes: new Set(facts.scopes) })),
  )
  const anyResource: fc.Arbitrary<Resource> = fc.oneof(
    fc.record({ kind: fc.constant('task' as const), tenant: anyText, owner: anyText }),
    fc.record({
      kind: fc.constant('agent' as const),
      tenant: anyText,
      owner: anyText,
      visibility: fc.constantFrom('public' as const, 'tenant' as const, 'restricted' as const),
    }),
  )

  it('allows nobody anything on a resource of another tenant', () => {
    fc.assert(
      fc.property(anyPrincipal, fc.constantFrom(...actions), anyResource, (caller, action, resource) => {
        fc.pre(caller.tenant !== resource.tenant)

        assert.equal(decide(caller, action, resource).allow, false)
      }),
    )
  })

  it('lets nobody without admin own what has no owner', () => {
    fc.assert(
      fc.property(anyPrincipal, fc.constantFrom(...actions), anyResource, (caller, action, resource) => {
        fc.pre(!caller.scopes.has('admin') && action !== 'discover')
        const ownerless: Resource =
          resource.kind === 'task'
            ? { ...resource, owner: '' }
            : { ...resource, owner: '', visibility: 'restricted' }

        assert.equal(decide(caller, action, ownerless).allow, false)
      }),
    )
  })

  it('allows nothing without the scope of the action', () => {
    fc.assert(
      fc.property(anyPrincipal, fc.constantFrom(...actions), anyResource, (caller, action, resource) => {
        fc.pre(!caller.scopes.has('admin') && !caller.scopes.has(ACTIONS[action]))

        assert.equal(decide(caller, action, resource).allow, false)
      }),
    )
  })
})
