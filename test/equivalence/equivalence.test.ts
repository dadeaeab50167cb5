import { describeGateway } from './describe-gateway.ts'
import { describeTasks } from './describe-tasks.ts'
import { openAgent } from './gateway.ts'
import { openInProcess } from './open-in-process.ts'

describeGateway('memory')

describeTasks('in process', async () => {
  await using opened = new AsyncDisposableStack()
  const agent = opened.use(await openAgent())
  const world = opened.use(await openInProcess(JSON.stringify(agent.card)))
  const running = opened.move()
  return { ...world, [Symbol.asyncDispose]: () => running.disposeAsync() }
})
