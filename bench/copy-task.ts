import { DatabaseSync } from 'node:sqlite'

/** Where a task's rows are, and by how much a number in them moves per copy. */
const TABLES = [
  { table: 'tasks', rows: 'id = :id', steps: { n: 1 } },
  { table: 'events', rows: 'id >> 32 = :n', steps: { id: 2 ** 32 } },
  { table: 'work', rows: 'key = :id', steps: {} },
  { table: 'contexts', rows: 'context_id = :context', steps: {} },
] as const

/** Keeps the leading characters of an id, which say when it was made, so that copies are stored one after another. */
const KEPT_ID_CHARS = 24

/**
 * Fills a gateway's database with copies of one finished task, each with ids of its own, and returns the ids. The
 * gateway must not be running. Text columns get the new ids wherever the old ones are.
 */
export function copyTask(path: string, id: string, copies: number): readonly string[] {
  using database = new DatabaseSync(path)
  database.exec('PRAGMA journal_mode = OFF; PRAGMA synchronous = OFF; PRAGMA cache_size = -262144; BEGIN')
  const task = database.prepare('SELECT n, context_id AS context FROM tasks WHERE id = ?').get(id)
  const context = String(task?.context)
  const values = { id, n: Number(task?.n), context, copies }
  for (const { table, rows, steps } of TABLES) {
    const columns = database.prepare(`SELECT name, type FROM pragma_table_info('${table}')`).all()
    const names = columns.map(({ name }) => String(name))
    const copied = columns.map(({ name, type }) => copiedColumn(String(name), String(type), steps))
    const statement = database.prepare(`
      WITH RECURSIVE copy (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM copy WHERE i < :copies)
      INSERT INTO ${table} (${names}) SELECT ${copied} FROM copy CROSS JOIN (SELECT * FROM ${table} WHERE ${rows})`)
    statement.setAllowUnknownNamedParameters(true)
    statement.run(values)
  }
  database.exec('COMMIT; PRAGMA journal_mode = WAL')
  return Array.from({ length: copies }, (_, index) => idOfCopy(id, index + 1))
}

function copiedColumn(name: string, type: string, steps: Readonly<Record<string, number>>): string {
  const step = steps[name]
  if (step !== undefined) return `${name} + i * ${step}`
  return type === 'TEXT'
    ? `replace(replace(${name}, :id, ${copyOf(':id')}), :context, ${copyOf(':context')})`
    : name
}

const copyOf = (id: string): string => `substr(${id}, 1, ${KEPT_ID_CHARS}) || printf('%012x', i)`

const idOfCopy = (id: string, copy: number): string =>
  id.slice(0, KEPT_ID_CHARS) + copy.toString(16).padStart(12, '0')
