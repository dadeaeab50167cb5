import { startAgent } from '../../examples/scenario-agent/agent.ts'
import { describeTasks } from './describe-tasks.ts'
import { openInProcess } from './open-in-process.ts'
import { openJsonRpc } from './open-jsonrpc.ts'
import type { OpenWorld } from './tasks-client.ts'

/** The scenario agent as a server of this process, on a port of its own, closed with the world that calls it. */
const withAgent =
  (open: (card: string) => ReturnType<OpenWorld>): OpenWorld =>
  async () => {
    await using opened = new AsyncDisposableStack()
    const crash = () => {
      throw new Error('no case asks for a crash')
    }
    const agent = opened.use(await startAgent({ port: 0, streaming: true, crash }))
    const world = opened.use(await open(JSON.stringify(agent.card)))
    const parts = opened.move()
    return { client: world.client, [Symbol.asyncDispose]: () => parts.disposeAsync() }
  }

describeTasks('in process', withAgent(openInProcess))
describeTasks('JSON-RPC', withAgent(openJsonRpc))
