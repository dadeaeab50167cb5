import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { taskId } from '../a2a/ids.ts'
import { createRenderedTasks } from './rendered-tasks.ts'
import type { TaskHead } from './task-head.ts'

const head = (id: string, version: number) => ({ id: taskId(id), version }) as TaskHead

describe('rendered tasks', () => {
  it('are found for exactly the version they were rendered from', () => {
    const tasks = createRenderedTasks()

    tasks.remember(head('a', 2), '{"v":2}')

    assert.equal(tasks.find(head('a', 2)), '{"v":2}')
    assert.equal(tasks.find(head('a', 1)), undefined)
    assert.equal(tasks.find(head('a', 3)), undefined)
    assert.equal(tasks.find(head('b', 2)), undefined)
  })

  it('are forgotten, the least used first, before they fill more than their space', () => {
    const tasks = createRenderedTasks()
    const text = `"${'x'.repeat(200_000)}"`
    for (let index = 0; index < 40; index++) tasks.remember(head(`t-${index}`, 1), text)
    assert.equal(tasks.find(head('t-0', 1)), text)

    for (let index = 40; index < 60; index++) tasks.remember(head(`t-${index}`, 1), text)

    assert.equal(tasks.find(head('t-0', 1)), text)
    assert.equal(tasks.find(head('t-1', 1)), undefined)
    assert.equal(tasks.find(head('t-59', 1)), text)
  })

  it('do not take up very large ones', () => {
    const tasks = createRenderedTasks()

    tasks.remember(head('a', 1), 'x'.repeat(300_000))

    assert.equal(tasks.find(head('a', 1)), undefined)
  })
})
