import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { ParleyError } from '../../errors.ts'
import { agentTag, ifMatch } from './agent-tag.ts'
import { agent } from './scripted-app.case.ts'

const condition = (value?: string) => ifMatch({ header: () => value })

describe('If-Match', () => {
  const known = agent({ version: 3 })
  const tag = agentTag(known)

  it('matches the agent whose tag is among those that it lists', () => {
    for (const value of [tag, `"other", ${tag}`, `${tag},"other"`]) {
      assert.equal(condition(value)?.(known), true, value)
      assert.equal(condition(value)?.({ ...known, version: 4 }), false, value)
    }
  })

  it('matches no weak tag', () => {
    assert.equal(condition(`W/${tag}`)?.(known), false)
  })

  it('asks for nothing when it is absent or a star', () => {
    assert.equal(condition(), undefined)
    assert.equal(condition('*'), undefined)
  })

  it('is refused when it is no list of tags', () => {
    for (const value of ['', 'agent-1-3', '"open', `${tag} ${tag}`, `*, ${tag}`]) {
      assert.throws(
        () => condition(value),
        (error) => error instanceof ParleyError && error.code === 'invalid_request',
        value,
      )
    }
  })
})
