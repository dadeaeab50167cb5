import assert from 'node:assert/strict'
import { describe, it, type TestContext } from 'node:test'
import { canonicalText, hashOfShown } from './chain.ts'
import { callOf, linesOf, openAudit, recordOf, T0 } from './open-audit.case.ts'
import { type SeenHead, verifyChains } from './verify-chains.ts'

const admin = callOf('key:admin')

/** An export of seven entries, the last of which is that of the export itself; and where its chain ends. */
async function exported(t: TestContext): Promise<{ lines: readonly string[]; heads: readonly SeenHead[] }> {
  const { store, audit, denials } = await openAudit(t)
  for (const id of ['a', 'b', 'c', 'd', 'e']) await store.append([recordOf(callOf('key:ada'), id)])
  denials.note({
    tenant: 'default',
    principal: 'key:eve',
    action: 'call.refuse',
    target: { kind: 'agent', id: 'a-1' },
    reason: 'hidden',
  })
  return { lines: await linesOf(await audit.export(admin, {})), heads: await store.heads() }
}

const verify = (lines: readonly string[], heads?: readonly SeenHead[]) =>
  verifyChains(
    (async function* () {
      yield* lines
    })(),
    heads,
  )

const messagesOf = async (lines: readonly string[], heads?: readonly SeenHead[]) =>
  (await verify(lines, heads)).breaks.map(({ line, message }) => `${line}: ${message}`)

/** The line with something changed in it, written as we write. */
const edited = (line: string, change: (entry: Record<string, unknown>) => void): string => {
  const entry = JSON.parse(line)
  change(entry)
  return canonicalText(entry)
}

describe('verifyChains', () => {
  it('finds nothing wrong with an export, also from its middle on', async (t) => {
    const { lines, heads } = await exported(t)
    const [head] = heads
    assert.ok(head)
    const { tenant, writer } = head

    assert.deepEqual(await verify(lines, heads), {
      entries: 7,
      chains: [{ tenant, writer, first: 1, last: 7 }],
      breaks: [],
    })
    assert.deepEqual((await verify(lines.slice(3), heads)).breaks, [])
  })

  it('finds every member of every entry that was changed, and whatever else was done to a line', async (t) => {
    const { lines } = await exported(t)

    for (const [at, line] of lines.entries()) {
      for (const member of Object.keys(JSON.parse(line)).filter((name) => name !== 'names')) {
        const changed = edited(line, (entry) => {
          const value = entry[member]
          entry[member] = typeof value === 'number' ? value + 1 : `${JSON.stringify(value)}x`
        })
        const without = edited(line, (entry) => delete entry[member])
        for (const other of [changed, without]) {
          const { breaks } = await verify(lines.with(at, other))
          assert.ok(breaks.length > 0, `${member} of line ${at + 1}`)
        }
      }
      for (const other of [
        `${line} `,
        line.replace('{', '{"at":"2026-01-31T12:00:00.000Z",'),
        `${line}x`,
        '{}',
      ]) {
        const { breaks } = await verify(lines.with(at, other))
        assert.equal(breaks[0]?.line, at + 1)
      }
    }
  })

  it('finds an entry that was changed and given the hash of what it holds now', async (t) => {
    const { lines } = await exported(t)
    const forged = edited(lines[2] ?? '', (entry) => {
      entry.outcome = 'denied'
      const { names: _, ...rest } = entry
      entry.hash = hashOfShown(rest)
    })

    const found = await messagesOf(lines.with(2, forged))

    assert.match(found.join(), /^4: entry 4 .* does not continue entry 3: that one was changed or replaced$/)
  })

  it('finds every entry that was removed, repeated or moved, and says which', async (t) => {
    const { lines } = await exported(t)

    for (let at = 1; at < lines.length - 1; at++) {
      const removed = await messagesOf(lines.toSpliced(at, 1))
      assert.match(removed.join(), new RegExp(`^${at + 1}: .*entry ${at + 1} is missing$`))
      const repeated = await messagesOf(lines.toSpliced(at, 0, lines[at] ?? ''))
      assert.match(repeated.join(), /it was repeated or moved/)
    }
    for (let from = 0; from < lines.length; from++) {
      for (let to = 0; to < lines.length; to++) {
        if (from === to) continue
        const moved = lines.toSpliced(from, 1).toSpliced(to, 0, lines[from] ?? '')
        assert.notDeepEqual(await messagesOf(moved), [], `line ${from + 1} moved to ${to + 1}`)
      }
    }
    assert.match((await messagesOf(lines.toSpliced(1, 3))).join(), /entries 2 to 4 are missing$/)
  })

  it('finds an end that was cut off, by what the log has seen', async (t) => {
    const { lines, heads } = await exported(t)

    assert.deepEqual(await messagesOf(lines.slice(0, 5)), [])
    assert.match(
      (await messagesOf(lines.slice(0, 5), heads)).join(),
      /the log has seen entry 7 .* its chain was cut off after 5$/,
    )
    const [head] = heads
    assert.ok(head)
    assert.match(
      (await messagesOf(lines, [...heads, { ...head, writer: 'gone' }])).join(),
      /entry 7 of writer gone: its chain was cut off after 0$/,
    )
    assert.match(
      (await messagesOf(lines, [{ ...head, hash: 'f'.repeat(64) }])).join(),
      /^7: .* has not the hash that the log has seen$/,
    )
    assert.deepEqual(await messagesOf(lines, [...heads, { ...head, tenant: 'other' }]), [])
  })

  it('finds names that were exchanged', async (t) => {
    const { lines } = await exported(t)
    const renamed = lines.map((line) => line.replace('"text":"key:ada"', '"text":"key:bob"'))

    assert.match(
      (await messagesOf(renamed)).join(),
      /^1: .* has names that its pseudonyms were not made from/,
    )
  })

  it('holds after a subject was erased, and after what is old was pruned', async (t) => {
    const { store, audit, clock } = await openAudit(t)
    await store.append([recordOf(callOf('key:ada'), 'a'), recordOf(callOf('key:ada'), 'b', T0 + 1)])
    clock.now = T0 + 2
    await audit.erase(admin, 'key:ada')
    await store.prune(T0 + 1, 10)

    const lines = await linesOf(await audit.export(admin, {}))

    assert.doesNotMatch(lines.join(), /key:ada/)
    const { breaks, chains } = await verify(lines, await store.heads())
    assert.deepEqual(breaks, [])
    assert.deepEqual(
      chains.map(({ first, last }) => [first, last]),
      [[2, 4]],
    )
  })
})
