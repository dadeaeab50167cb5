// Makes a fresh clone ready to run: installs what the lockfile names, once. Runs on any Node from 18 on, because it
// is what brings the Node the project needs.
import { spawnSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'

const root = fileURLToPath(new URL('..', import.meta.url))
const stamp = `${root}node_modules/.parley-setup`
const lock = createHash('sha256')
  .update(readFileSync(`${root}package-lock.json`))
  .digest('hex')
const isReady =
  existsSync(stamp) && readFileSync(stamp, 'utf8') === lock && existsSync(`${root}node_modules/.bin/node`)

if (!isReady) {
  console.error('Installing dependencies (once)…')
  const npm = process.env.npm_execpath
  const command = npm === undefined ? ['npm'] : [process.execPath, npm]
  // The engine warning is about the Node that installs, not the one that runs.
  const args = [...command.slice(1), 'ci', '--no-audit', '--no-fund', '--loglevel=error']
  const { status } = spawnSync(command[0], args, { cwd: root, stdio: ['ignore', 2, 2] })
  if (status === 0) writeFileSync(stamp, lock)
  else process.exitCode = 1
}
