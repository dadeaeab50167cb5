import { open } from 'node:fs/promises'
import { isObject } from '../a2a/json-object.ts'
import { type CheckedChain, type SeenHead, verifyChains } from '../access/audit/verify-chains.ts'

/**
 * `parley audit verify <file>`: checks an export of the audit log, offline, and says where it breaks. With the log of the
 * gateway it also shows what was cut off. Answers whether everything holds; `undefined` for a wrong use of the command.
 */
export async function audit(args: readonly string[]): Promise<boolean | undefined> {
  const [command, file, option, log, ...rest] = args
  const isWrong = option !== undefined && (option !== '--log' || log === undefined)
  if (command !== 'verify' || file === undefined || isWrong || rest.length > 0) return undefined

  const heads = log === undefined ? [] : await headsIn(log)
  const { entries, chains, breaks } = await verifyChains(linesOf(file), heads)
  for (const { line, message } of breaks) {
    console.log(`${file}${line === undefined ? '' : `:${line}`}: ${message}`)
  }
  for (const chain of chains) console.log(textOf(chain))
  const holds = breaks.length === 0 && entries > 0
  const against = log === undefined ? '' : `, compared with ${heads.length} heads in ${log}`
  console.log(
    `${entries} entries in ${chains.length} chains${against}: ${holds ? 'they hold' : brokenText(breaks.length)}`,
  )
  return holds
}

const brokenText = (count: number): string => (count === 0 ? 'there is nothing to check' : `${count} breaks`)

const textOf = ({ tenant, writer, first, last }: CheckedChain): string =>
  `tenant ${tenant}, writer ${writer}: entries ${first} to ${last}` +
  (first > 1 ? '; those before were pruned or left out' : '')

async function* linesOf(path: string): AsyncGenerator<string> {
  await using file = await open(path === '-' ? '/dev/stdin' : path)
  yield* file.readLines()
}

/** The `audit_head` records of a log; other lines are passed over. */
async function headsIn(path: string): Promise<readonly SeenHead[]> {
  const heads: SeenHead[] = []
  for await (const line of linesOf(path)) {
    const head = line.includes('"audit_head"') ? headIn(line) : undefined
    if (head !== undefined) heads.push(head)
  }
  return heads
}

function headIn(line: string): SeenHead | undefined {
  let record: unknown
  try {
    record = JSON.parse(line)
  } catch {
    // A shipper may have put something of its own around it, or cut it.
    return undefined
  }
  if (!isObject(record) || record.event !== 'audit_head') return undefined
  const { tenant, writer, n, hash } = record
  const isHead = typeof tenant === 'string' && typeof writer === 'string' && typeof hash === 'string'
  return isHead && typeof n === 'number' ? { tenant, writer, n, hash } : undefined
}
