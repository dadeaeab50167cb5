import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import { OPERATIONS } from '../a2a/operation.ts'
import { ACTION_NAMES, ACTIONS, type AgentResource } from './access.ts'
import { decide } from './decide.ts'
import { explain } from './explain.ts'
import { type Grant, RIGHTS } from './grant.ts'
import { ACTION_OF } from './operation-actions.ts'
import { ANONYMOUS, type Principal, SCOPES } from './principal.ts'

const subjects = ['corp:ada', 'corp:eve', 'corp:ops', '']
const groups = ['corp:ops', 'corp:dev', 'corp:ada']
const anyTenant = fc.constantFrom('default', 'default', 'default', 'acme', '')

const anyPrincipal: fc.Arbitrary<Principal> = fc.oneof(
  { weight: 1, arbitrary: fc.constant(ANONYMOUS) },
  {
    weight: 9,
    arbitrary: fc
      .record(
        {
          tenant: anyTenant,
          subject: fc.constantFrom(...subjects),
          groups: fc.subarray(groups),
          scopes: fc.subarray([...SCOPES]),
          agents: fc.subarray(['a1', 'a2']),
        },
        { requiredKeys: ['tenant', 'subject', 'groups', 'scopes'] },
      )
      .map(({ agents, scopes, ...facts }) => ({
        ...facts,
        scopes: new Set(scopes),
        ...(agents === undefined ? {} : { agents: new Set(agents) }),
      })),
  },
)

const anyGrant: fc.Arbitrary<Grant> = fc
  .record({
    id: fc.uuid(),
    to: fc.oneof(
      fc.record({ subject: fc.constantFrom(...subjects) }),
      fc.record({ group: fc.constantFrom(...groups) }),
      fc.constant({ everyone: true } as const),
    ),
    right: fc.constantFrom(...RIGHTS),
    operations: fc.option(fc.subarray([...OPERATIONS], { minLength: 1 }), { nil: undefined }),
  })
  .map(({ operations, ...grant }) => ({
    ...grant,
    ...(operations === undefined ? {} : { operations }),
    createdAt: 0,
    createdBy: 'corp:ada',
  }))

const anyAgent: fc.Arbitrary<AgentResource> = fc.record({
  kind: fc.constant('agent' as const),
  id: fc.constant('a1'),
  tenant: anyTenant,
  owner: fc.constantFrom(...subjects, ...groups.map((group) => `group:${group}`)),
  visibility: fc.constantFrom('public', 'tenant', 'restricted', 'restricted'),
  lifecycle: fc.constantFrom('draft', 'pending', 'active', 'active', 'deprecated', 'disabled'),
  grants: fc.array(anyGrant, { maxLength: 4 }),
})

describe('an explanation', () => {
  it('says what is decided, and its last step is the one that decides', () => {
    const anyAction = fc.constantFrom(...ACTION_NAMES)
    const anyOperation = fc.option(fc.constantFrom(...OPERATIONS), { nil: undefined })
    const seen = new Set<string>()
    const property = fc.property(
      anyPrincipal,
      anyAction,
      anyAgent,
      anyOperation,
      (caller, action, agent, operation) => {
        const decision = decide(caller, action, agent, operation)
        const explained = explain(caller, action, agent, operation)

        assert.deepEqual(explained.decision, decision)
        const before = explained.steps.slice(0, -1)
        assert.ok(before.every(({ outcome }) => outcome === 'passes'))
        const last = explained.steps.at(-1) ?? assert.fail('no step')
        assert.equal(last.outcome, decision.allow ? 'allows' : 'refuses')
        assert.equal(last.grantId, decision.allow ? decision.grantId : undefined)
        if (!decision.allow) assert.equal(decision.reason === 'scope', last.code === 'scope')
        if (!decision.allow) assert.equal(decision.reason === 'disabled', last.code === 'lifecycle')
        if (!decision.allow && decision.reason === 'grant') assert.equal(last.code, 'no_grant')
        seen.add(`${last.code} ${last.outcome}`)
      },
    )
    fc.assert(property, { numRuns: 2000 })

    assert.deepEqual([...seen].sort(), [
      'admin allows',
      'anonymous allows',
      'anonymous refuses',
      'credential refuses',
      'grant allows',
      'lifecycle refuses',
      'no_grant refuses',
      'owner allows',
      'scope refuses',
      'tenant refuses',
      'visibility allows',
    ])
  })

  it('tells people what was looked at', () => {
    const grant = (id: string, facts: Pick<Grant, 'to' | 'right' | 'operations'>): Grant => ({
      id,
      createdAt: 0,
      createdBy: 'corp:ada',
      ...facts,
    })
    const agent: AgentResource = {
      kind: 'agent',
      id: 'a1',
      tenant: 'default',
      owner: 'corp:ada',
      visibility: 'restricted',
      lifecycle: 'active',
      grants: [
        grant('g1', { to: { subject: 'corp:eve' }, right: 'discover' }),
        grant('g2', { to: { group: 'corp:ops' }, right: 'invoke', operations: ['SendMessage'] }),
        grant('g3', { to: { subject: 'corp:bob' }, right: 'manage' }),
      ],
    }
    const eve: Principal = {
      tenant: 'default',
      subject: 'corp:eve',
      groups: ['corp:ops'],
      scopes: new Set(['tasks:read']),
    }

    const { text, steps } = explain(eve, 'read', agent)

    assert.equal(text, 'Refused as somebody who may see the agent, and lacks the right')
    assert.deepEqual(
      steps.map((step) => step.text),
      [
        'The credential has the scope tasks:read, which this takes',
        'Both are of the tenant default',
        'The agent is owned by corp:ada',
        'The credential lacks the scope admin',
        'The agent is restricted: others than its owner need a grant',
        'The grant of discover to the subject corp:eve is for it, but this takes invoke',
        'The grant of invoke to the group corp:ops is good only for SendMessage, and this is GetTask',
        'No grant that is for it allows this (grants for others: 1)',
      ],
    )
  })

  it('knows an action for every operation, and every action', () => {
    assert.deepEqual(Object.keys(ACTION_OF).sort(), [...OPERATIONS].sort())
    assert.deepEqual([...ACTION_NAMES].sort(), Object.keys(ACTIONS).sort())
  })
})
