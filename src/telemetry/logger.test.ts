import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { describe, it } from 'node:test'

describe('the logger', () => {
  it('has written every record to standard output when the process ends', () => {
    const program = `
      import { createLogger } from ${JSON.stringify(new URL('./logger.ts', import.meta.url).href)}
      const logger = createLogger({ level: 'info' })
      for (let n = 1; n <= 500; n++) logger.info({ n })`
    const { stdout, stderr } = spawnSync(process.execPath, ['--input-type=module', '-e', program], {
      encoding: 'utf8',
    })

    const numbers = stdout
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line).n)
    assert.deepEqual([numbers.length, numbers.at(-1), stderr], [500, 500, ''])
  })
})
