import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { httpUrlProblem, isBelow } from './http-url.ts'

describe('httpUrlProblem', () => {
  it('finds nothing wrong with the address of a server', () => {
    for (const url of [
      'http://localhost:41241',
      'https://a.example/x?y=z',
      'HTTPS://A.example/',
      'http://[::1]:80/',
    ]) {
      assert.equal(httpUrlProblem(url), undefined, url)
    }
  })

  it('says what is wrong', () => {
    const problems: Record<string, RegExp> = {
      '/a2a': /absolute/,
      'a.example/x': /absolute/,
      'http:a.example': /absolute/,
      'http://a b/': /absolute/,
      'http://a\\b/': /absolute/,
      'http://a\u200b.example/': /absolute/,
      'file:///etc/passwd': /http or https/,
      'javascript:alert(1)': /http or https/,
      'https://user:secret@a.example/': /credentials/,
      'https://a.example/#x': /fragment/,
      'https://a.example/#': /fragment/,
      [`https://a.example/${'x'.repeat(2048)}`]: /2048/,
    }
    for (const [url, problem] of Object.entries(problems))
      assert.match(httpUrlProblem(url) ?? '', problem, url)
  })
})

describe('isBelow', () => {
  it('sees through case, default ports and dot segments', () => {
    const base = 'https://gw.example/parley/a2a/'

    assert.ok(isBelow('https://GW.example:443/parley/x/../a2a/agent', base))
    assert.ok(isBelow('https://gw.example/parley/a2a', base))
    assert.equal(isBelow('https://gw.example/parley/a2ab', base), false)
    assert.equal(isBelow('http://gw.example/parley/a2a/agent', base), false)
    assert.equal(isBelow('https://gw.example:8443/parley/a2a/agent', base), false)
  })
})
