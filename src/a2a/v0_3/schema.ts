/**
 * What clients and agents of A2A 0.3 send, as far as its two JSON forms say it alike, once members that are `null` are left
 * out. Members and limits are those of 1.0; of agents, what is required but can be done without is optional here.
 */
import Type, { type TProperties, type TSchema } from 'typebox'
import { Message } from '../message.ts'
import { SendMessageConfiguration, TaskPushNotificationConfig } from '../requests.ts'
import { Artifact, Task, TaskArtifactUpdateEvent, TaskStatusUpdateEvent } from '../task.ts'

/** Where they differ. */
type Form = {
  /** What a message calls its parts, and what else it has. */
  readonly partsOfMessage: 'parts' | 'content'
  readonly messageMembers: TProperties
  readonly part: TSchema
  readonly clientRole: TSchema
  readonly agentRole: TSchema
  readonly state: TSchema
}

export function schemasOf({ partsOfMessage, messageMembers, part, clientRole, agentRole, state }: Form) {
  const { role: _, parts: __, ...saidAlike } = Message.properties
  const message = { ...saidAlike, ...messageMembers }

  const ClientMessage = Type.Object({
    ...message,
    role: clientRole,
    [partsOfMessage]: Type.Array(part, { minItems: 1 }),
  })
  const AgentMessage = Type.Object({
    ...message,
    role: Type.Optional(agentRole),
    [partsOfMessage]: Type.Optional(Type.Array(part)),
  })

  const LegacyStatus = Type.Object({
    state: Type.Optional(state),
    message: Type.Optional(AgentMessage),
  })
  const LegacyArtifact = Type.Object({ ...Artifact.properties, parts: Type.Optional(Type.Array(part)) })

  return {
    ClientMessage,
    AgentMessage,
    Task: Type.Object({
      ...Task.properties,
      status: LegacyStatus,
      artifacts: Type.Optional(Type.Array(LegacyArtifact)),
      history: Type.Optional(Type.Array(AgentMessage)),
    }),
    TaskStatusUpdateEvent: Type.Object({ ...TaskStatusUpdateEvent.properties, status: LegacyStatus }),
    TaskArtifactUpdateEvent: Type.Object({
      ...TaskArtifactUpdateEvent.properties,
      artifact: LegacyArtifact,
    }),
  }
}

export const { acceptedOutputModes, historyLength } = SendMessageConfiguration.properties

const { id, url, token } = TaskPushNotificationConfig.properties

export const PushNotificationConfig = Type.Object({
  id,
  url,
  token,
  authentication: Type.Optional(
    Type.Object({
      schemes: Type.Optional(Type.Array(Type.String({ minLength: 1 }))),
      credentials: Type.Optional(Type.String()),
    }),
  ),
})
