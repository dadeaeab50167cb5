import { after, before, describe } from 'node:test'
import { describeCauses } from './describe-causes.ts'
import { describeOperations } from './describe-operations.ts'
import { describeTasks } from './describe-tasks.ts'
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
    describeOperations((way) => worlds.connect(way))
    describeCauses({
      connect: (way, caller) => worlds.connect(way, caller),
      sendBroken: (way) => worlds.sendBroken(way),
    })
  })
}
