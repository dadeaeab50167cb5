import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { Role, type SendMessageRequest, TaskState } from '@a2a-js/sdk'
import { type Client as A2AClient, ClientFactory } from '@a2a-js/sdk/client'
import { GrpcTransportFactory } from '@a2a-js/sdk/client/grpc'
import { TaskNotFoundError } from '@a2a-js/sdk/errors'
import { VERSIONS, type Version } from '../../a2a/version.ts'
import { ParleyError } from '../../errors.ts'
import { bearer, CARD, frames, TASK } from '../http/scripted-app.case.ts'
import { useGrpc } from './scripted-grpc.case.ts'

const CALL = { serviceParameters: bearer('all') }

/** The official client, told that there is nothing but gRPC of one version at `address`. */
function connect(address: string, protocolVersion: Version, tenant = ''): Promise<A2AClient> {
  const transports = [new GrpcTransportFactory({ legacyCompat: { enabled: true } })]
  return new ClientFactory({ transports }).createFromAgentCard({
    ...CARD,
    provider: undefined,
    capabilities: { streaming: true, extensions: [] },
    securitySchemes: {},
    securityRequirements: [],
    signatures: [],
    supportedInterfaces: [{ url: address, protocolBinding: 'GRPC', protocolVersion, tenant }],
  })
}

const message: SendMessageRequest = {
  tenant: '',
  message: {
    messageId: 'm',
    contextId: '',
    taskId: '',
    role: Role.ROLE_USER,
    parts: [{ content: { $case: 'text', value: 'hi' }, metadata: undefined, filename: '', mediaType: '' }],
    metadata: undefined,
    extensions: [],
    referenceTaskIds: [],
  },
  configuration: undefined,
  metadata: undefined,
}

for (const version of VERSIONS) {
  describe(`the official client of A2A ${version} over gRPC`, () => {
    const listen = useGrpc()

    it('sends a message', async () => {
      const { listener } = await listen()
      const client = await connect(listener.address, version)

      const result = await client.sendMessage(message, CALL)

      assert.ok('id' in result)
      assert.equal(result.id, 'task-1')
      assert.equal(result.status?.state, TaskState.TASK_STATE_SUBMITTED)
    })

    it('reads a stream to its end', async () => {
      const done =
        '{"statusUpdate":{"taskId":"task-1","contextId":"c","status":{"state":"TASK_STATE_CANCELED"}}}'
      const { listener } = await listen({
        tasks: {
          sendStreamingMessage: async () =>
            frames([
              { seq: 1, event: `{"task":${TASK}}` },
              { seq: 2, event: done },
            ]),
        },
      })
      const client = await connect(listener.address, version)

      const events: (string | undefined)[] = []
      for await (const { payload } of client.sendMessageStream(message, CALL)) events.push(payload?.$case)

      assert.deepEqual(events, ['task', 'statusUpdate'])
    })

    it('understands what went wrong', async () => {
      const { listener } = await listen({
        tasks: {
          async getTask() {
            throw new ParleyError('task_not_found', 'Task not found', { details: { taskId: 't' } })
          },
        },
      })
      const client = await connect(listener.address, version)

      await assert.rejects(client.getTask({ tenant: '', id: 't' }, CALL), (error) => {
        assert.ok(error instanceof TaskNotFoundError)
        return true
      })
    })
  })
}

describe('the official client of A2A 1.0 over gRPC', () => {
  const listen = useGrpc()

  it('asks for the agent that the card names by its tenant', async () => {
    const asked: string[] = []
    const { listener } = await listen({
      tasks: {
        async getTask(_call, agent) {
          asked.push(agent)
          return TASK
        },
      },
    })
    const client = await connect(listener.address, '1.0', 'agent-1')

    await client.getTask({ tenant: '', id: 't' }, CALL)

    assert.deepEqual(asked, ['agent-1'])
  })
})
