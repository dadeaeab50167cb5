import assert from 'node:assert/strict'
import { test } from 'node:test'
import { silentEvents } from '../telemetry/events.ts'
import { keepAlerts } from './keep-alerts.ts'
import { MINUTE, openAlerts } from './open-alerts.case.ts'

test('alerts that are over are kept as long as they are to be, and those that fire for ever', async () => {
  const room = await openAlerts()
  const { clock } = room
  const [old, recent, down] = [await room.agent('old'), await room.agent('recent'), await room.agent('down')]
  await room.rule()
  await room.be('down', old, recent, down)
  await room.pass(2 * MINUTE)
  await room.be('up', old)
  await room.pass(10 * MINUTE)
  await room.be('up', recent)

  const { alerts } = room.backend
  const now = () => clock.now
  const keeping = keepAlerts({ alerts, events: silentEvents, now, retentionMs: 5 * MINUTE })
  await keeping[Symbol.asyncDispose]()
  assert.deepEqual((await room.seen()).toSorted(), ['down firing', 'recent recovered'])
})
