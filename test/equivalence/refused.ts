import assert from 'node:assert/strict'
import { Refusal } from './tasks-client.ts'

/** The gateway says no for this reason, naming `field` where one is given. */
export async function refused(asked: Promise<unknown>, reason: string, field?: string): Promise<void> {
  await assert.rejects(asked, (error) => {
    assert.ok(error instanceof Refusal, String(error))
    assert.equal(error.reason, reason, error.message)
    if (field !== undefined) assert.ok(error.fields.includes(field), `${field} in ${error.fields.join()}`)
    return true
  })
}
