import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { createReadiness } from './readiness.ts'

describe('readiness', () => {
  it('needs an open process and a backend that can be written to', async () => {
    let isOpen = false
    let isFull = false
    let at = 0
    const check = async () => {
      if (isFull) throw new Error('The disk is full')
    }
    const isReady = createReadiness({ isOpen: () => isOpen, check, now: () => at })

    assert.equal(await isReady(), false)
    isOpen = true
    assert.equal(await isReady(), true)
    isFull = true
    at += 1000
    assert.equal(await isReady(), false)
    isFull = false
    at += 1000
    assert.equal(await isReady(), true)
    isOpen = false
    assert.equal(await isReady(), false)
  })

  it('asks the backend once a second at most', async () => {
    let checks = 0
    let at = 0
    const check = async () => {
      checks++
    }
    const isReady = createReadiness({ isOpen: () => true, check, now: () => at })

    await Promise.all([isReady(), isReady(), isReady()])
    at += 999
    await isReady()
    assert.equal(checks, 1)
    at += 1
    await isReady()
    assert.equal(checks, 2)
  })
})
