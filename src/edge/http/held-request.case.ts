import assert from 'node:assert/strict'
import { setImmediate } from 'node:timers/promises'
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import type { Tasks } from '../../tasks/tasks.ts'
import { frames, TASK } from './scripted-app.case.ts'

/** A room whose stream says one thing and then stays open, and a look at whether its request is still in memory. */
export function holdingStream() {
  const sent: WeakRef<object>[] = []
  const tasks: Partial<Tasks> = {
    async sendStreamingMessage({ signal }, _agent, { value }) {
      sent.push(new WeakRef(value))
      const quiet = () => new Promise<void>((resolve) => signal.addEventListener('abort', () => resolve()))
      return frames([{ seq: 1, event: `{"task":${TASK}}` }], quiet)
    },
  }
  const assertForgotten = async () => {
    assert.equal(sent.length, 1)
    // What a weak reference has shown in a turn of the event loop is kept for that turn.
    await setImmediate()
    collectGarbage()
    assert.equal(sent[0]?.deref(), undefined, 'something holds the request')
  }
  return { tasks, assertForgotten }
}

function collectGarbage(): void {
  setFlagsFromString('--expose-gc')
  runInNewContext('gc')()
}
