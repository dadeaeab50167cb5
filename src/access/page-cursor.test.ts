import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import { createCursors } from './page-cursor.ts'

const cursors = createCursors(Buffer.alloc(32, 1))
const binding = { tenant: 'default', subject: 'key:ada', filter: ['x'] }
const refused = { code: 'invalid_params' }

describe('page cursors', () => {
  it('lead back to the position they were made from', () => {
    fc.assert(
      fc.property(fc.jsonValue(), fc.jsonValue(), (position, bound) => {
        const text = cursors.encode(position, bound)

        assert.deepEqual(cursors.decode(text, bound), JSON.parse(JSON.stringify(position)))
        assert.match(text, /^[A-Za-z0-9_-]+$/)
      }),
    )
  })

  it('say nothing of where they lead', () => {
    const read = Buffer.from(cursors.encode({ id: 'agent-17' }, binding), 'base64url').toString('latin1')

    assert.doesNotMatch(read, /agent|17|id/)
  })

  it('are refused for another principal or filter', () => {
    const text = cursors.encode({ id: 'a' }, binding)

    assert.throws(() => cursors.decode(text, { ...binding, subject: 'key:eve' }), refused)
    assert.throws(() => cursors.decode(text, { ...binding, filter: [] }), refused)
  })

  it('are refused when made with another key', () => {
    const foreign = createCursors(Buffer.alloc(32, 2)).encode({ id: 'a' }, binding)

    assert.throws(() => cursors.decode(foreign, binding), refused)
  })

  it('are refused when any character is changed, added or removed', () => {
    const text = cursors.encode({ id: 'a', at: 7 }, binding)

    for (let at = 0; at < text.length; at++) {
      const other = text[at] === 'A' ? 'B' : 'A'
      assert.throws(() => cursors.decode(text.slice(0, at) + other + text.slice(at + 1), binding), refused)
      assert.throws(() => cursors.decode(text.slice(0, at), binding), refused)
    }
    assert.throws(() => cursors.decode(`${text}!`, binding), refused)
    assert.throws(() => cursors.decode(`${text}A`, binding), refused)
  })

  it('refuse any text with the same error', () => {
    fc.assert(
      fc.property(fc.string({ maxLength: 6000 }), (text) => {
        assert.throws(() => cursors.decode(text, binding), refused)
      }),
    )
  })
})
