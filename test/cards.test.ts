import assert from 'node:assert/strict'
import { globSync, readFileSync } from 'node:fs'
import { join, sep } from 'node:path'
import { describe, it } from 'node:test'
import { fileURLToPath } from 'node:url'
import { type CardVerdict, cardVerdict } from '../src/registry/card-verdict.ts'
import { MAX_CARD_BYTES, validateCard } from '../src/registry/validate-card.ts'

const CARDS = fileURLToPath(new URL('cards', import.meta.url))

type Expected = { readonly errors: readonly string[]; readonly warnings?: readonly string[] }

const expected: Readonly<Record<string, Expected>> = JSON.parse(
  readFileSync(join(CARDS, 'verdicts.json'), 'utf8'),
)
const files = globSync('{valid,broken}/*.json', { cwd: CARDS }).map((path) => path.split(sep).join('/'))

const verdictOn = (text: string): CardVerdict => cardVerdict(text, validateCard(text))
const namesOf = (findings: CardVerdict['errors']): string[] =>
  findings.map(({ pointer, code }) => `${pointer} ${code}`).sort()

describe('the cards in test/cards', () => {
  it('are each expected to be something', () => {
    assert.deepEqual([...files].sort(), Object.keys(expected).sort())
    assert.ok(files.length >= 60)
  })

  for (const [path, { errors, warnings = [] }] of Object.entries(expected)) {
    it(`are judged as expected: ${path}`, () => {
      const verdict = verdictOn(readFileSync(join(CARDS, path), 'utf8'))

      assert.deepEqual(namesOf(verdict.errors), errors)
      assert.deepEqual(namesOf(verdict.warnings), warnings)
      assert.equal(verdict.valid, path.startsWith('valid/'))
      for (const { line, message } of [...verdict.errors, ...verdict.warnings]) {
        assert.ok(verdict.version === undefined || (line ?? 0) > 0)
        assert.match(message, /^(must|is|says) /)
      }
    })
  }
})

describe('a card as large as a card may be', () => {
  const skill = { name: 'Skill', description: 'x'.repeat(1900), tags: ['tag'] }
  const card = {
    name: 'Large',
    description: 'Large',
    version: '1',
    supportedInterfaces: [
      { url: 'https://large.example/', protocolBinding: 'JSONRPC', protocolVersion: '1.0' },
    ],
    capabilities: {},
    defaultInputModes: ['text/plain'],
    defaultOutputModes: ['text/plain'],
    skills: Array.from({ length: 500 }, (_, n) => ({ ...skill, id: `skill-${n}` })),
  }

  it('is accepted, and refused beyond that', () => {
    const text = JSON.stringify(card)

    assert.ok(text.length > MAX_CARD_BYTES * 0.9)
    assert.deepEqual(verdictOn(text), { valid: true, version: '1.0', errors: [], warnings: [] })
    assert.deepEqual(namesOf(verdictOn(text + ' '.repeat(MAX_CARD_BYTES)).errors), [' too_large'])
    const longer = JSON.stringify({ ...card, skills: [...card.skills, { ...skill, id: 'one-more' }] })
    assert.deepEqual(namesOf(verdictOn(longer).errors), ['/skills maxItems'])
  })
})
