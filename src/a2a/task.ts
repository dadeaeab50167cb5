import Type, { type Static } from 'typebox'
import { exactlyOne, Id, Message, OptionalId, Part, Struct } from './message.ts'
import { TASK_STATES, type TaskState } from './task-state.ts'
import { check } from './wire.ts'

export const State = Type.Unsafe<TaskState>(Type.Enum([...TASK_STATES]))

export const TaskStatus = Type.Object({
  state: State,
  message: Type.Optional(Message),
  timestamp: Type.Optional(Type.String()),
})
export type TaskStatus = Static<typeof TaskStatus>

export const Artifact = Type.Object({
  artifactId: Id,
  name: Type.Optional(Type.String()),
  description: Type.Optional(Type.String()),
  parts: Type.Array(Part),
  metadata: Type.Optional(Struct),
  extensions: Type.Optional(Type.Array(Type.String())),
})
export type Artifact = Static<typeof Artifact>

export const Task = Type.Object({
  id: Id,
  contextId: OptionalId,
  status: TaskStatus,
  artifacts: Type.Optional(Type.Array(Artifact)),
  history: Type.Optional(Type.Array(Message)),
  metadata: Type.Optional(Struct),
})
export type Task = Static<typeof Task>

export const TaskStatusUpdateEvent = Type.Object({
  taskId: Id,
  contextId: OptionalId,
  status: TaskStatus,
  metadata: Type.Optional(Struct),
})
export type TaskStatusUpdateEvent = Static<typeof TaskStatusUpdateEvent>

export const TaskArtifactUpdateEvent = Type.Object({
  taskId: Id,
  contextId: OptionalId,
  artifact: Artifact,
  append: Type.Optional(Type.Boolean()),
  lastChunk: Type.Optional(Type.Boolean()),
  metadata: Type.Optional(Struct),
})
export type TaskArtifactUpdateEvent = Static<typeof TaskArtifactUpdateEvent>

/** One event of a stream: exactly one member. */
export const StreamResponse = Type.Object(
  {
    task: Type.Optional(Task),
    message: Type.Optional(Message),
    statusUpdate: Type.Optional(TaskStatusUpdateEvent),
    artifactUpdate: Type.Optional(TaskArtifactUpdateEvent),
  },
  exactlyOne('task', 'message', 'statusUpdate', 'artifactUpdate'),
)
export type StreamResponse = Static<typeof StreamResponse>

/** The answer to SendMessage: a task, or a message when the agent made no task. */
export const SendMessageResponse = Type.Object(
  { task: Type.Optional(Task), message: Type.Optional(Message) },
  exactlyOne('task', 'message'),
)
export type SendMessageResponse = Static<typeof SendMessageResponse>

export const ListTasksResponse = Type.Object({
  tasks: Type.Array(Task),
  nextPageToken: Type.String(),
  pageSize: Type.Integer(),
  totalSize: Type.Integer(),
})
export type ListTasksResponse = Static<typeof ListTasksResponse>

export const taskCheck = check(Task)
export const streamResponseCheck = check(StreamResponse)
export const sendMessageResponseCheck = check(SendMessageResponse)
