import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { readEnvironment, SETTINGS } from './env.ts'

describe('the environment', () => {
  it('gives the settings by name, without the prefix', () => {
    const { env, unknown } = readEnvironment({ PARLEY_PORT: '1', PARLEY_HOST: '::1', OTHER: 'x' })

    assert.deepEqual(env, { PORT: '1', HOST: '::1' })
    assert.deepEqual(unknown, [])
  })

  it('takes an empty variable as unset', () => {
    assert.deepEqual(readEnvironment({ PARLEY_PORT: '' }).env, {})
  })

  it('names variables that are no setting, whatever they are called', () => {
    const { env, unknown } = readEnvironment({ PARLEY_PROT: '1', PARLEY_constructor: '1', PARLEY_: '1' })

    assert.deepEqual(env, {})
    assert.deepEqual(unknown, ['PARLEY_PROT', 'PARLEY_constructor', 'PARLEY_'])
  })

  it('passes no setting and no secret on to child processes', () => {
    const { childEnv } = readEnvironment({ PATH: '/bin', PARLEY_ADMIN_KEY: 's', AWS_SECRET_ACCESS_KEY: 's' })

    assert.deepEqual(childEnv, { PATH: '/bin' })
  })

  it('says for every setting what it means', () => {
    for (const [name, meaning] of Object.entries(SETTINGS)) {
      assert.match(name, /^[A-Z]+(_[A-Z]+)*$/)
      assert.ok(meaning.length > 10, name)
    }
  })
})
