import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after } from 'node:test'
import { describeBackend } from '../contract/describe-backend.ts'
import { openSqlite } from './open-sqlite.ts'

const directory = mkdtempSync(join(tmpdir(), 'parley-sqlite-'))
after(() => rmSync(directory, { recursive: true, force: true }))

describeBackend('sqlite', (place) =>
  openSqlite({ path: join(directory, `${place}.db`), now: Date.now, shared: true }),
)
