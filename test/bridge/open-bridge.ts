import assert from 'node:assert/strict'
import type { Client } from '@a2a-js/sdk/client'
import { formPath } from '../../examples/scenario-agent/forms.ts'
import { at } from '../e2e/json-path.ts'
import { startScenarioAgent } from '../e2e/scenario-agent-process.ts'
import { openGateway } from '../equivalence/gateway.ts'
import { connect } from '../equivalence/sdk-client.ts'
import { WAYS, type Way } from '../equivalence/ways.ts'

/** One gateway, and one agent that is registered once for each form it has. */
export type Bridge = AsyncDisposable & {
  /** The official client of a new subject, which speaks one way to an agent that speaks one way. */
  connect(client: Way, agent: Way): Promise<Client>
  /** What the agent noted of the message, in whatever form it came. */
  received(messageId: string): Promise<unknown>
}

const slugOf = ({ version, binding }: Way): string =>
  `${binding}-${version}`.toLowerCase().replace(/\W/g, '-')

export async function openBridge(): Promise<Bridge> {
  await using opened = new AsyncDisposableStack()
  const agent = opened.use(await startScenarioAgent())
  const gateway = opened.use(await openGateway({ backend: 'sqlite', listeners: WAYS.map(slugOf) }))
  const cards = new Map<string, unknown>()
  for (const way of WAYS) {
    const url = `${agent.url}${formPath(way)}/.well-known/agent-card.json`
    const card: unknown = await (await fetch(url)).json()
    await gateway.register(slugOf(way), card)
    cards.set(slugOf(way), await gateway.card(slugOf(way)))
  }
  const running = opened.move()

  let count = 0
  return {
    connect: async (client, to) => {
      const key = await gateway.key(`key:somebody-${++count}`)
      return connect(cards.get(slugOf(to)), client, { key })
    },
    async received(messageId) {
      const found = (await agent.record()).filter((line) => at(line, 'messageId') === messageId)
      assert.equal(found.length, 1, `the agent got ${messageId} ${found.length} times`)
      return found[0]
    },
    [Symbol.asyncDispose]: () => running.disposeAsync(),
  }
}
