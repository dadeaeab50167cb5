import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, describe } from 'node:test'
import { openSqlite } from '../../src/storage/sqlite/open-sqlite.ts'
import { describeGateway } from './describe-gateway.ts'
import { describeTasks } from './describe-tasks.ts'
import { openInProcess } from './open-in-process.ts'

describe('on a file of SQLite', () => {
  const folder = mkdtempSync(join(tmpdir(), 'parley-equivalence-'))
  after(() => rmSync(folder, { recursive: true }))
  const open = () => openSqlite({ path: join(folder, 'parley.db'), now: Date.now })

  describeTasks('in process', () => openInProcess(open))
})
describeGateway('sqlite')
