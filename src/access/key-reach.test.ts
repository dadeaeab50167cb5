import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import { ACTIONS, type Action, type Resource } from './access.ts'
import { decide } from './decide.ts'
import { principalOf } from './key-principal.ts'
import { assertNoExcess, isWithinReach } from './key-reach.ts'
import type { ApiKey } from './key-store.ts'
import { type Principal, SCOPES, type Scope } from './principal.ts'

const AGENTS = ['agent-1', 'agent-2', 'agent-3']
const TENANTS = ['default', 'acme', '']

const some = <T>(values: readonly T[]) => fc.uniqueArray(fc.constantFrom(...values), { minLength: 1 })
const maybe = <T>(value: fc.Arbitrary<T>) => fc.option(value, { nil: undefined })

const keys: fc.Arbitrary<ApiKey> = fc
  .record({
    tenant: fc.constantFrom(...TENANTS),
    scopes: some<Scope>(SCOPES),
    agents: maybe(some(AGENTS)),
    expiresAt: maybe(fc.integer({ min: 1, max: 4 })),
    retiresAt: maybe(fc.integer({ min: 1, max: 4 })),
  })
  .map(({ agents, expiresAt, retiresAt, ...more }) => ({
    id: 'k',
    hash: 'h',
    subject: 'key:ada',
    label: 'l',
    createdAt: 0,
    version: 1,
    ...more,
    ...(agents === undefined ? {} : { agents }),
    ...(expiresAt === undefined ? {} : { expiresAt }),
    ...(retiresAt === undefined ? {} : { retiresAt }),
  }))

const holds = (maker: Principal, key: ApiKey): boolean => {
  try {
    assertNoExcess(maker, key)
    return true
  } catch {
    return false
  }
}

const RESOURCES: readonly Resource[] = TENANTS.flatMap((tenant) =>
  [...AGENTS, undefined].flatMap((id): readonly Resource[] => {
    const agent = {
      kind: 'agent',
      tenant,
      owner: 'key:ada',
      visibility: 'restricted',
      lifecycle: 'active',
      grants: [],
    } as const
    if (id === undefined) return [agent]
    return [
      { ...agent, id },
      { kind: 'task', agentId: id, tenant, owner: 'key:ada' },
    ]
  }),
)

const ACTION_NAMES = Object.keys(ACTIONS).filter((name): name is Action => Object.hasOwn(ACTIONS, name))

describe('a key that its maker holds', () => {
  it('is allowed nothing that its maker with the same subject is not, and ends no later', () => {
    let held = 0
    fc.assert(
      fc.property(keys, keys, (maker, made) => {
        const by = principalOf(maker)
        if (!holds(by, made)) return
        held++
        const principal = principalOf(made)
        for (const resource of RESOURCES) {
          for (const action of ACTION_NAMES) {
            const allowed = decide(principal, action, resource).allow
            assert.ok(!allowed || decide(by, action, resource).allow, `${action} ${JSON.stringify(resource)}`)
          }
        }
        const [end, makersEnd] = [principal, by].map(({ expiresAt }) => expiresAt ?? Number.POSITIVE_INFINITY)
        assert.ok(Number(end) <= Number(makersEnd))
      }),
      { numRuns: 5000 },
    )
    assert.ok(held > 50, `${held} keys were held`)
  })

  it('can be made by who holds as much, and is within their reach', () => {
    fc.assert(
      fc.property(keys, (key) => {
        const { retiresAt: _, ...same } = key
        assert.ok(holds(principalOf(same), same))
        assert.equal(isWithinReach(principalOf(same), same), same.tenant !== '')
      }),
    )
  })

  it('is within the reach of no maker who may not pass on its agents', () => {
    fc.assert(
      fc.property(keys, keys, (maker, key) => {
        const by = principalOf(maker)
        if (!isWithinReach(by, key)) return
        const { expiresAt: _, ...unending } = by
        assert.ok(holds({ ...unending, scopes: new Set(['admin']) }, key))
      }),
      { numRuns: 2000 },
    )
  })
})
