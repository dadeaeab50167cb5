import { DIRECTORY } from '../registry/directory/directory-agent.ts'
import { askDirectory, streamFromDirectory } from './ask-directory.ts'
import { cancelTask } from './cancel-task.ts'
import type { TasksDeps } from './deps.ts'
import { getTask } from './get-task.ts'
import { listTasks } from './list-tasks.ts'
import {
  assertVisible,
  followEvents,
  getTaskNatively,
  listContexts,
  listEvents,
  listHistory,
  listTasksNatively,
} from './native-views.ts'
import { createRenderedTasks } from './rendered-tasks.ts'
import { sendMessage } from './send-message.ts'
import { sendStreamingMessage, subscribeToTask } from './stream-task.ts'
import type { Tasks } from './tasks.ts'

export function createTasks(deps: TasksDeps): Tasks {
  const rendered = createRenderedTasks()
  // Whoever follows a log looks at `stopping` when it wakes: thousands of readers need no listener each.
  deps.stopping.addEventListener('abort', () => deps.news.tellAll(), { once: true })
  return {
    sendMessage: (call, agent, request, options) =>
      agent === DIRECTORY
        ? askDirectory(deps, call, request)
        : sendMessage(deps, call, agent, request, options),
    sendStreamingMessage: (call, agent, request, options) =>
      agent === DIRECTORY
        ? streamFromDirectory(deps, call, request)
        : sendStreamingMessage(deps, call, agent, request, options),
    getTask: (...args) => getTask(deps, rendered, ...args),
    listTasks: (...args) => listTasks(deps, ...args),
    cancelTask: (...args) => cancelTask(deps, ...args),
    subscribeToTask: (...args) => subscribeToTask(deps, ...args),
    list: (...args) => listTasksNatively(deps, ...args),
    get: (...args) => getTaskNatively(deps, ...args),
    assertVisible: (...args) => assertVisible(deps, ...args),
    listEvents: (...args) => listEvents(deps, ...args),
    followEvents: (...args) => followEvents(deps, ...args),
    listContexts: (...args) => listContexts(deps, ...args),
    listHistory: (...args) => listHistory(deps, ...args),
  }
}
