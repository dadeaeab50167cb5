import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { canonicalizeAgentCard } from '@a2a-js/sdk'
import { canonicalForms, hasCanonicalForm, signedForms } from './canonical-forms.ts'

const card = {
  version: '1',
  name: 'Übersetzer 翻訳 🤖',
  description: '',
  supportedInterfaces: [{ url: 'https://a.example', protocolBinding: 'JSONRPC', protocolVersion: '1.0' }],
  capabilities: {
    streaming: false,
    extensions: [{ uri: 'urn:x', required: false, params: { n: 1.0, none: '' } }],
  },
  defaultInputModes: [],
  defaultOutputModes: ['text/plain'],
  skills: [],
  'x-new': { empty: [], n: 1 },
  signatures: [{ protected: 'p', signature: 's' }],
}

const formsOf = (value: unknown) => canonicalForms(JSON.stringify(value))

describe('the canonical forms of a card', () => {
  it('are the whole, what §8.4.1 leaves of it, and what SDKs do, without signatures', () => {
    const { name: _, ...rest } = card
    const forms = formsOf({ ...rest, name: 'Echo' })

    assert.deepEqual(
      forms.map(({ form }) => form),
      ['wire', 'presence', 'stripped', 'stripped', 'stripped'],
    )
    assert.deepEqual(
      forms.slice(0, 2).map(({ text }) => text),
      [
        '{"capabilities":{"extensions":[{"params":{"n":1,"none":""},"required":false,"uri":"urn:x"}],"streaming":false},"defaultInputModes":[],"defaultOutputModes":["text/plain"],"description":"","name":"Echo","skills":[],"supportedInterfaces":[{"protocolBinding":"JSONRPC","protocolVersion":"1.0","url":"https://a.example"}],"version":"1","x-new":{"empty":[],"n":1}}',
        '{"capabilities":{"extensions":[{"params":{"n":1,"none":""},"uri":"urn:x"}],"streaming":false},"defaultInputModes":[],"defaultOutputModes":["text/plain"],"description":"","name":"Echo","skills":[],"supportedInterfaces":[{"protocolBinding":"JSONRPC","protocolVersion":"1.0","url":"https://a.example"}],"version":"1","x-new":{"empty":[],"n":1}}',
      ],
    )
  })

  it('hold the one that the official SDK signs', () => {
    const signed = canonicalizeAgentCard(JSON.parse(JSON.stringify(card)))

    assert.equal(formsOf(card).find(({ text }) => text === signed)?.form, 'stripped')
  })

  it('hold the ones that early Python SDKs sign', () => {
    const escaped = formsOf(card).filter(({ form }) => form === 'escaped')

    assert.equal(escaped.length, 3)
    for (const { text } of escaped) {
      assert.ok(text.includes('"name":"\\u00dcbersetzer \\u7ffb\\u8a33 \\ud83e\\udd16"'), text)
      assert.equal(JSON.parse(text).name, card.name)
    }
  })

  it('are one where nothing is empty', () => {
    assert.deepEqual(
      formsOf({ name: 'Echo', version: '1' }).map(({ form }) => form),
      ['wire'],
    )
  })

  it('sort members by UTF-16 code units and write numbers as ECMAScript does, as RFC 8785 has it', () => {
    const [wire] = canonicalForms('{"\\ufb33":1e21,"\\ud83d\\ude00":0.000001,"\\u20ac":-0,"a":1.50}')

    assert.equal(wire?.text, '{"a":1.5,"\u20ac":0,"\ud83d\ude00":0.000001,"\ufb33":1e+21}')
  })

  it('do not exist for half a surrogate pair or a number beyond all doubles', () => {
    assert.deepEqual(['{"a":"\\ud800"}', '{"a":1e999}', '{"a":"\\ud83d\\ude00"}'].map(hasCanonicalForm), [
      false,
      false,
      true,
    ])
  })
})

describe('what we sign of a card', () => {
  it('is the whole alone where every reader reads that', () => {
    const {
      description: _,
      defaultInputModes,
      skills,
      'x-new': __,
      capabilities,
      signatures,
      ...plain
    } = card

    assert.equal(signedForms(JSON.stringify(plain), false).length, 1)
  })

  it('is also what readers make of it', () => {
    const forms = signedForms(JSON.stringify({ ...card, capabilities: { streaming: false } }), false)

    assert.equal(forms.length, 3)
    assert.equal(forms[0], formsOf({ ...card, capabilities: { streaming: false } })[0]?.text)
    assert.ok(!forms[1]?.includes('x-new') && forms[1]?.includes('"skills":[]'))
    assert.ok(!forms[2]?.includes('skills'))
  })

  it('keeps what only 0.3 knows of a card of that', () => {
    const legacy = { url: 'https://a.example', skills: [] }

    assert.deepEqual(signedForms(JSON.stringify(legacy), true), [
      '{"skills":[],"url":"https://a.example"}',
      '{"url":"https://a.example"}',
    ])
  })
})
