/** What an agent's author gets from the official SDK: its Express server, its request handler, tasks kept in memory. */
import { AgentCard, TaskState } from '@a2a-js/sdk'
import { AgentEvent, type AgentExecutor, DefaultRequestHandler, InMemoryTaskStore } from '@a2a-js/sdk/server'
import { jsonRpcHandler, UserBuilder } from '@a2a-js/sdk/server/express'
import express from 'express'
import { cardOf } from './a2a-calls.ts'
import { serveUntilOrphaned } from './serve-until-orphaned.ts'

/** Accepts the message, and leaves it at that. */
const executor: AgentExecutor = {
  async execute({ taskId, contextId, userMessage }, bus) {
    bus.publish(
      AgentEvent.task({
        id: taskId,
        contextId,
        status: {
          state: TaskState.TASK_STATE_SUBMITTED,
          message: undefined,
          timestamp: new Date().toISOString(),
        },
        artifacts: [],
        history: [userMessage],
        metadata: undefined,
      }),
    )
    bus.finished()
  },
  async cancelTask() {},
}

const requestHandler = new DefaultRequestHandler(
  AgentCard.fromJSON(cardOf('http://127.0.0.1/', true)),
  new InMemoryTaskStore(),
  executor,
)
const app = express().disable('x-powered-by')
app.use('/', jsonRpcHandler({ requestHandler, userBuilder: UserBuilder.noAuthentication }))
serveUntilOrphaned(app)
