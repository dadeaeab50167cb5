import type { Hint } from '../../tasks/news.ts'
import { createHintFeed, type HintFeed } from '../hint-feed.ts'
import { integerIn, textIn } from './columns.ts'
import type { Connection } from './connection.ts'

export type NewsOptions = {
  readonly connection: Connection
  /** Names this opening of the file, so that it does not tell itself its own news. */
  readonly writer: string
  /** Other processes may have the file open. */
  readonly shared: boolean
}

/** Hints of this process directly; those of others by way of the `news` table. */
export interface SharedHints extends Disposable {
  readonly feed: HintFeed
  /** Leaves hints for other processes, in the transaction that makes them true. */
  record(hints: readonly Hint[]): void
}

const POLL_MS = 20

/** How much of the table is kept for readers that are late, and how often the rest is dropped. */
const KEPT_ROWS = 4096
const TRIM_EVERY_ROWS = 512

export function createSharedHints({ connection, writer, shared }: NewsOptions): SharedHints {
  let timer: NodeJS.Timeout | undefined
  let seenVersion = 0
  let seenId = 0
  let closed = false
  const feed = createHintFeed(() => {
    if (shared && !closed && feed.subscribers > 0) start()
    else stop()
  })

  const dataVersion = () => integerIn(connection.get('PRAGMA data_version') ?? {}, 'data_version')

  function start(): void {
    if (timer !== undefined) return
    seenVersion = dataVersion()
    seenId = integerIn(connection.get('SELECT coalesce(max(id), 0) AS id FROM news') ?? {}, 'id')
    timer = setInterval(poll, POLL_MS)
  }

  function stop(): void {
    clearInterval(timer)
    timer = undefined
  }

  function poll(): void {
    try {
      feed.publish(readNews())
    } catch {
      // The file is locked for a moment: the next round sees the same news.
    }
  }

  function readNews(): readonly Hint[] {
    const version = dataVersion()
    if (version === seenVersion) return []
    const rows = connection.all('SELECT id, writer, hints FROM news WHERE id > ? ORDER BY id', seenId)
    seenVersion = version
    const [first] = rows
    const last = rows.at(-1)
    if (first === undefined || last === undefined) return [{ kind: 'any' }]
    const isComplete = integerIn(first, 'id') === seenId + 1
    seenId = integerIn(last, 'id')
    if (!isComplete) return [{ kind: 'any' }]
    return rows
      .filter((row) => textIn(row, 'writer') !== writer)
      .flatMap((row): readonly Hint[] => JSON.parse(textIn(row, 'hints')))
  }

  return {
    feed,
    record(hints) {
      if (!shared) return
      const id = connection.run(
        'INSERT INTO news (writer, hints) VALUES (?, ?)',
        writer,
        JSON.stringify(hints),
      )
      if (id % TRIM_EVERY_ROWS === 0) connection.run('DELETE FROM news WHERE id <= ?', id - KEPT_ROWS)
    },
    [Symbol.dispose]() {
      closed = true
      stop()
    },
  }
}
