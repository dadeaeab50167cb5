import assert from 'node:assert/strict'
import { mkdir, mkdtemp, rename, rm, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, it } from 'node:test'
import { watchFiles } from './watch-files.ts'

describe('files that are watched', () => {
  let folder: string
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'parley-watch-'))
  })
  afterEach(() => rm(folder, { recursive: true, force: true }))

  /** Resolves with each change, of which there may be none at first. */
  function watch(path: string) {
    let next = Promise.withResolvers<void>()
    const watcher = watchFiles(
      [path],
      () => {
        next.resolve()
        next = Promise.withResolvers()
      },
      5,
    )
    return { change: () => next.promise, [Symbol.dispose]: () => watcher[Symbol.dispose]() }
  }

  /** Changes the file until that is noticed: the first look may not have been taken yet. */
  const noticed = async (watched: { change: () => Promise<void> }, act: (round: number) => Promise<void>) => {
    const change = watched.change()
    let isSeen = false
    void change.then(() => {
      isSeen = true
    })
    for (let round = 0; !isSeen; round++) {
      await act(round)
      await Promise.race([change, new Promise((resolve) => setTimeout(resolve, 50))])
    }
  }

  it('are seen to change by writing, by renaming into place, and by a link that points elsewhere', async () => {
    const path = join(folder, 'file')
    await writeFile(path, 'first')
    using watched = watch(path)

    await noticed(watched, (round) => writeFile(path, `written ${round}`))
    await noticed(watched, async (round) => {
      await writeFile(`${path}.new`, `renamed ${round}`)
      await rename(`${path}.new`, path)
    })

    const link = join(folder, 'link')
    const turn = async (round: number) => {
      await mkdir(join(folder, `v${round}`), { recursive: true })
      await writeFile(join(folder, `v${round}`, 'file'), `version ${round}`)
      await symlink(`v${round}`, join(folder, 'next'))
      await rename(join(folder, 'next'), link)
    }
    await turn(1000)
    using behindLink = watch(join(link, 'file'))
    await noticed(behindLink, turn)
  })

  it('are told of at the first look, which may find another content than was read before', async () => {
    const path = join(folder, 'file')
    await writeFile(path, 'first')

    using watched = watch(path)

    await watched.change()
  })

  it('are unchanged while they are away, and when they come back as they were', async () => {
    const path = join(folder, 'file')
    await writeFile(path, 'first')
    let changes = 0
    const watched = watchFiles([path], () => changes++, 5)
    const other = join(folder, 'other')
    await writeFile(other, 'first')
    using beside = watch(other)
    // Whatever the one would have seen, the other sees a moment later.
    await noticed(beside, (round) => writeFile(other, `${round}`))
    await rm(path)
    await noticed(beside, (round) => writeFile(other, `gone ${round}`))
    await writeFile(path, 'first')
    await noticed(beside, (round) => writeFile(other, `back ${round}`))

    watched[Symbol.dispose]()
    assert.equal(changes, 1, 'when they were first looked at')
  })
})
