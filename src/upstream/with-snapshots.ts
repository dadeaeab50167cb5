import type { StreamResponse, Task } from '../a2a/task.ts'
import { isSettled, isTerminal } from '../a2a/task-state.ts'
import type { Wire } from '../a2a/wire.ts'
import { AgentFailure } from '../delivery/agent-client.ts'

/**
 * A subscription in 0.3, which promises neither a snapshot at its beginning nor anything that was said before it: the task
 * is asked for first, and once more in place of the event that settles it. What the first snapshot and the stream may have
 * missed between them is in the second; what they both have, its reader finds to be nothing new.
 */
export async function* withSnapshots(
  subscribe: () => AsyncIterable<Wire<StreamResponse>>,
  getTask: () => Promise<Wire<Task>>,
): AsyncGenerator<Wire<StreamResponse>, void> {
  const before = await getTask()
  yield asEvent(before)
  if (isTerminal(before.value.status.state)) return
  for await (const event of subscribe()) {
    const state = event.value.statusUpdate?.status.state
    yield state !== undefined && isSettled(state) ? ((await settled(getTask)) ?? event) : event
  }
}

/** The task, if it is to be had and shows that it has settled. */
async function settled(getTask: () => Promise<Wire<Task>>): Promise<Wire<StreamResponse> | undefined> {
  try {
    const task = await getTask()
    return isSettled(task.value.status.state) ? asEvent(task) : undefined
  } catch (error) {
    if (error instanceof AgentFailure) return undefined
    throw error
  }
}

const asEvent = (task: Wire<Task>): Wire<StreamResponse> => ({
  value: { task: task.value },
  text: `{"task":${task.text}}`,
})
