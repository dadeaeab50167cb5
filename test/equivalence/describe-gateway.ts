import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import { at, listAt } from '../e2e/json-path.ts'
import { describeCauses } from './describe-causes.ts'
import { describeOperations } from './describe-operations.ts'
import { describeTasks } from './describe-tasks.ts'
import { finished, summary } from './sdk-requests.ts'
import { nameOf, WAYS } from './ways.ts'
import { openWorlds, type Worlds } from './worlds.ts'

/** The whole program on one backend, through every way in. */
export function describeGateway(backend: 'memory' | 'sqlite'): void {
  describe(`on ${backend}`, () => {
    let worlds: Worlds
    before(async () => {
      worlds = await openWorlds(backend)
    })
    after(() => worlds[Symbol.asyncDispose]())

    describeTasks('JSON-RPC without a library', async () => worlds.raw())
    for (const way of WAYS) describeTasks(nameOf(way), async () => worlds.through(way))
    it('reaches an agent over every address of its card, named as tenant where a listener is another’s', async () => {
      const interfaces = listAt(worlds.card, 'supportedInterfaces')
      const tenants = interfaces.map((entry) => at(entry, 'tenant')).filter((tenant) => tenant !== undefined)

      for (const entry of interfaces) {
        const way = WAYS.find(
          ({ version, binding }) =>
            version === at(entry, 'protocolVersion') && binding === at(entry, 'protocolBinding'),
        )
        assert.ok(way, JSON.stringify(entry))
        const card = { name: 'Scenario agent', supportedInterfaces: [entry] }
        const task = await finished(await worlds.connect(way, { card }), 'echo hello')
        assert.equal(summary(task).said, 'hello')
      }
      assert.ok(tenants.length > 0)
    })
    describeOperations((way) => worlds.connect(way))
    describeCauses({
      connect: (way, caller) => worlds.connect(way, caller),
      sendBroken: (way) => worlds.sendBroken(way),
    })
  })
}
