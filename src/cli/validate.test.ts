import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { describe, it } from 'node:test'
import { fileURLToPath } from 'node:url'

const CLI = fileURLToPath(new URL('cli.ts', import.meta.url))
const CARDS = fileURLToPath(new URL('../../test/cards', import.meta.url))

const run = (args: readonly string[], input = '') =>
  spawnSync(process.execPath, [CLI, 'validate', ...args], { input, encoding: 'utf8', env: {} })

describe('parley validate', () => {
  it('says of a card what is wrong, in which line, and how to write it', () => {
    const { status, stdout } = run([`${CARDS}/broken/v1-binding-rest.json`])

    assert.equal(status, 1)
    assert.match(
      stdout,
      /v1-binding-rest\.json:8: error: \/supportedInterfaces\/0\/protocolBinding must be .*Write HTTP\+JSON/,
    )
  })

  it('accepts a card from standard input, and tells what should be better', () => {
    const warned = run([`${CARDS}/valid/v1-bare-modes.json`])
    assert.equal(warned.status, 0)
    assert.match(warned.stdout, /: warning: \/defaultInputModes\/0 is no media type\. Write text\/plain/)

    const { status, stdout } = run(['-'], '{"name": 7}')
    assert.equal(status, 1)
    assert.match(stdout, /^stdin:1: error: /)
  })

  it('says so when there is no such file, or no file is named', () => {
    const missing = run(['no-such-card.json'])
    assert.equal(missing.status, 1)
    assert.match(missing.stderr, /no-such-card\.json/)
    assert.doesNotMatch(missing.stderr, /\n\s+at /)
    assert.equal(run([]).status, 64)
  })
})
