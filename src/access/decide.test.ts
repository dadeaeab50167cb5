import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import { ACTIONS, type Action, type AgentResource, type Decision, type Resource } from './access.ts'
import { decide } from './decide.ts'
import { type Grant, RIGHTS } from './grant.ts'
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
  namesake: principal({ groups: ['key:owner'] }, ALL_BUT_ADMIN),
  other: principal({}, ALL_BUT_ADMIN),
  admin: principal({ subject: 'key:root' }, ['admin']),
  anonymous: ANONYMOUS,
  'other tenant': principal({ tenant: 'acme', subject: 'key:owner' }, SCOPES),
}

const agent = (
  visibility: 'public' | 'tenant' | 'restricted',
  ...grants: readonly Pick<Grant, 'to' | 'right' | 'operations'>[]
): AgentResource => ({
  kind: 'agent',
  id: 'a1',
  tenant: 'default',
  owner: 'key:owner',
  visibility,
  lifecycle: 'active',
  grants: grants.map((grant, n) => ({ ...grant, id: `g${n + 1}`, createdAt: 0, createdBy: 'key:owner' })),
})
const resources: Record<string, Resource> = {
  'public agent': agent('public'),
  'tenant agent': agent('tenant'),
  'restricted agent': agent('restricted'),
  task: { kind: 'task', agentId: 'a1', tenant: 'default', owner: 'key:owner' },
}

/** Who may do what: every caller not listed is refused as `hidden`, or for the scope when anonymous has none. */
const ALLOWED: Readonly<Record<string, Partial<Record<Action, string>>>> = {
  'public agent': {
    discover: 'owner namesake other admin anonymous',
    invoke: 'owner namesake other admin',
    read: 'owner namesake other admin',
    cancel: 'owner namesake other admin',
    manage: 'owner admin',
    beat: 'owner admin',
  },
  'tenant agent': {
    discover: 'owner namesake other admin',
    invoke: 'owner namesake other admin',
    read: 'owner namesake other admin',
    cancel: 'owner namesake other admin',
    manage: 'owner admin',
    beat: 'owner admin',
  },
  'restricted agent': {
    discover: 'owner admin',
    invoke: 'owner admin',
    read: 'owner admin',
    cancel: 'owner admin',
    manage: 'owner admin',
    beat: 'owner admin',
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
          const isSeen = ALLOWED[what]?.discover?.split(' ').includes(who) ?? false
          if (!decision.allow) {
            assert.equal(decision.reason, missesScope ? 'scope' : isSeen ? 'grant' : 'hidden')
          }
        }
      }
    })
  }

  it('names the missing scope, whatever the resource is', () => {
    const reader = principal({ subject: 'key:owner' }, ['tasks:read'])
    const foreign: Resource = { kind: 'task', agentId: 'a1', tenant: 'acme', owner: 'key:owner' }

    for (const resource of [...Object.values(resources), foreign]) {
      assert.deepEqual(decide(reader, 'cancel', resource), {
        allow: false,
        reason: 'scope',
        scope: 'tasks:cancel',
      })
    }
  })

  it('gives what a group owns to its members, and never to a subject of its name', () => {
    const owned: Resource = { ...agent('restricted'), owner: 'group:corp:ops' }

    for (const action of actions) {
      const ask = (facts: Partial<Principal>): boolean =>
        decide(principal({ subject: 'corp:eve', ...facts }, ALL_BUT_ADMIN), action, owned).allow
      assert.equal(ask({ groups: ['corp:dev', 'corp:ops'] }), true)
      assert.equal(ask({ subject: 'corp:ops' }), false)
      assert.equal(ask({ groups: ['group:corp:ops', 'ops', 'key:ops'] }), false)
    }
  })

  const eve = principal({ subject: 'corp:eve', groups: ['corp:ops'] }, ALL_BUT_ADMIN)

  it('allows by a grant what its right includes, and tells who sees the agent that they lack the rest', () => {
    const grantees = [{ subject: 'corp:eve' }, { group: 'corp:ops' }, { everyone: true }] as const
    const needs = { discover: 0, invoke: 1, read: 1, cancel: 1, manage: 2, beat: 2 }

    for (const to of grantees) {
      for (const [rank, right] of RIGHTS.entries()) {
        for (const action of actions) {
          const decision = decide(eve, action, agent('restricted', { to, right }))

          assert.equal(decision.allow, rank >= needs[action], `${right} for ${action}`)
          if (decision.allow) assert.equal(decision.grantId, 'g1')
          else assert.equal(decision.reason, 'grant')
        }
      }
    }
  })

  it('gives a grant to nobody else: a group is no subject, and anonymous callers are not everyone', () => {
    const others = [{ subject: 'corp:ops' }, { group: 'corp:eve' }, { subject: 'corp:ev' }] as const

    for (const to of others) {
      const decision = decide(eve, 'discover', agent('restricted', { to, right: 'manage' }))
      assert.deepEqual(decision, { allow: false, reason: 'hidden', scope: 'agents:read' })
    }
    const open = agent('restricted', { to: { everyone: true }, right: 'manage' })
    assert.equal(decide(ANONYMOUS, 'discover', open).allow, false)
  })

  it('shows an agent that is not listed yet only to its owner, admins and who has a grant to manage it', () => {
    for (const lifecycle of ['draft', 'pending'] as const) {
      for (const visibility of ['public', 'tenant', 'restricted'] as const) {
        for (const action of actions) {
          const ask = (who: Principal, ...grants: Pick<Grant, 'to' | 'right'>[]): Decision =>
            decide(who, action, { ...agent(visibility, ...grants), lifecycle })

          assert.equal(ask(callers.owner ?? eve, { to: { subject: 'x' }, right: 'invoke' }).allow, true)
          assert.equal(ask(callers.admin ?? eve).allow, true)
          assert.equal(ask(eve, { to: { subject: 'corp:eve' }, right: 'manage' }).allow, true)
          for (const refused of [ask(eve), ask(eve, { to: { everyone: true }, right: 'invoke' })]) {
            assert.deepEqual(refused, { allow: false, reason: 'hidden', scope: ACTIONS[action] })
          }
          assert.equal(ask(ANONYMOUS).allow, false)
        }
      }
    }
  })

  it('refuses to call a disabled agent to those who otherwise may, and them alone are told', () => {
    const off = (visibility: 'tenant' | 'restricted') =>
      ({ ...agent(visibility), lifecycle: 'disabled' }) as const
    const reasonFor = (who: Principal, visibility: 'tenant' | 'restricted') => {
      const decision = decide(who, 'invoke', off(visibility))
      return decision.allow ? 'allowed' : decision.reason
    }
    for (const who of [callers.owner ?? eve, callers.admin ?? eve, eve]) {
      assert.equal(reasonFor(who, 'tenant'), 'disabled')
      for (const action of ['discover', 'read', 'cancel'] as const) {
        assert.equal(decide(who, action, off('tenant')).allow, true, action)
      }
    }
    assert.equal(reasonFor(eve, 'restricted'), 'hidden')
    assert.equal(decide(callers.owner ?? eve, 'manage', off('restricted')).allow, true)
  })

  it('limits a grant to its operations, and lets its holder see the agent', () => {
    const limited = agent('restricted', {
      to: { subject: 'corp:eve' },
      right: 'invoke',
      operations: ['SendMessage', 'GetTask'],
    })

    assert.equal(decide(eve, 'invoke', limited).allow, true)
    assert.equal(decide(eve, 'invoke', limited, 'SendMessage').allow, true)
    assert.equal(decide(eve, 'invoke', limited, 'SendStreamingMessage').allow, false)
    assert.equal(decide(eve, 'read', limited, 'GetTask').allow, true)
    assert.equal(decide(eve, 'cancel', limited).allow, false)
    assert.equal(decide(eve, 'discover', limited).allow, true)
    assert.equal(decide(eve, 'discover', limited, 'GetExtendedAgentCard').allow, false)
    const seeing = agent('restricted', { to: { subject: 'corp:eve' }, right: 'discover' })
    assert.equal(decide(eve, 'discover', seeing, 'GetExtendedAgentCard').allow, true)
  })

  it('keeps a credential that is limited to agents from every other, also when its holder owns or administers it', () => {
    for (const caller of [
      eve,
      principal({ subject: 'key:owner' }, ALL_BUT_ADMIN),
      principal({}, ['admin']),
    ]) {
      for (const resource of Object.values(resources)) {
        for (const action of actions) {
          const limited = decide({ ...caller, agents: new Set(['a1']) }, action, resource)
          assert.deepEqual(limited, decide(caller, action, resource))
          const other = decide({ ...caller, agents: new Set(['a2']) }, action, resource)
          assert.equal(other.allow === false && other.reason, 'hidden')
        }
      }
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
  const open: Grant[] = RIGHTS.map((right) => ({
    id: right,
    to: { everyone: true },
    right,
    createdAt: 0,
    createdBy: 'key:owner',
  }))
  const anyResource: fc.Arbitrary<Resource> = fc.oneof(
    fc.record({ kind: fc.constant('task' as const), agentId: anyText, tenant: anyText, owner: anyText }),
    fc.record({
      kind: fc.constant('agent' as const),
      tenant: anyText,
      owner: anyText,
      visibility: fc.constantFrom('public' as const, 'tenant' as const, 'restricted' as const),
      lifecycle: fc.constantFrom('draft', 'pending', 'active', 'deprecated', 'disabled'),
      grants: fc.subarray(open),
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
            : { ...resource, owner: '', visibility: 'restricted', grants: [] }

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
