import { isObject } from '../../a2a/json-object.ts'
import type { ChainHead } from './audit-entry.ts'
import { NAME_KINDS } from './audit-entry.ts'
import { canonicalText, GENESIS, hashOfShown, pseudonymOf } from './chain.ts'

export type ChainBreak = {
  /** Of the export, counted from 1; absent for what is missing at a chain's end. */
  readonly line?: number
  readonly message: string
}

export type CheckedChain = {
  readonly tenant: string
  readonly writer: string
  /** More than 1 when what came before was pruned, or left out of the export. */
  readonly first: number
  readonly last: number
}

export type ChainVerdict = {
  readonly entries: number
  readonly chains: readonly CheckedChain[]
  readonly breaks: readonly ChainBreak[]
}

/** A head that a log kept elsewhere has seen. */
export type SeenHead = Pick<ChainHead, 'tenant' | 'writer' | 'n' | 'hash'>

type Shown = Record<string, unknown> & {
  readonly tenant: string
  readonly writer: string
  readonly n: number
  readonly previous: string
  readonly hash: string
}

type Progress = { readonly first: number; last: number; hash: string }

/**
 * Checks an export of the audit log line by line, with nothing but the export: that no entry was changed, left out or moved,
 * and that names are those the pseudonyms were made from. Entries cut off at the end of a chain show only against `heads`.
 *
 * After a break it goes on from the entry as it stands, so that every break is told once.
 */
export async function verifyChains(
  lines: AsyncIterable<string>,
  heads: readonly SeenHead[] = [],
): Promise<ChainVerdict> {
  const chains = new Map<string, Progress>()
  const tenants = new Set<string>()
  const breaks: ChainBreak[] = []
  const seen = new Map(heads.map((head) => [keyOf(head, head.n), head]))
  let line = 0
  let entries = 0
  for await (const text of lines) {
    line++
    if (text === '') continue
    const tell = (message: string) => breaks.push({ line, message })
    const entry = parseLine(text)
    if (typeof entry === 'string') {
      tell(entry)
      continue
    }
    entries++
    tenants.add(entry.tenant)
    const chain = chains.get(keyOf(entry))
    for (const problem of problemsOf(entry, chain, seen.get(keyOf(entry, entry.n)))) {
      tell(`entry ${entry.n} of writer ${entry.writer} ${problem}`)
    }
    if (chain === undefined) chains.set(keyOf(entry), { first: entry.n, last: entry.n, hash: entry.hash })
    else Object.assign(chain, { last: entry.n, hash: entry.hash })
  }
  return {
    entries,
    chains: [...chains].map(([key, { first, last }]) => ({ ...partsOf(key), first, last })),
    breaks: [...breaks, ...missingEnds(heads, tenants, chains)],
  }
}

/** An entry, or what is wrong with the line. */
function parseLine(text: string): Shown | string {
  let value: unknown
  try {
    value = JSON.parse(text)
  } catch {
    return 'is no JSON'
  }
  if (!isShown(value)) return 'is no entry of an audit log'
  if (canonicalOrNone(value) !== text) return 'is not in canonical form, so it was changed'
  return value
}

const canonicalOrNone = (value: object): string | undefined => {
  try {
    return canonicalText(value)
  } catch {
    // What has no canonical form is not what we wrote.
    return undefined
  }
}

function problemsOf(
  { names, ...entry }: Shown,
  chain: Progress | undefined,
  seen: SeenHead | undefined,
): readonly string[] {
  const problems: string[] = []
  if (hashOfShown(entry) !== entry.hash) problems.push('was changed: its hash is not that of its content')
  if (chain === undefined) {
    if ((entry.n === 1) !== (entry.previous === GENESIS))
      problems.push('does not begin its chain as its number says')
  } else if (entry.n !== chain.last + 1) {
    problems.push(`follows entry ${chain.last}: ${gapBetween(chain.last, entry.n)}`)
  } else if (entry.previous !== chain.hash) {
    problems.push(`does not continue entry ${chain.last}: that one was changed or replaced`)
  }
  if (seen !== undefined && seen.hash !== entry.hash) problems.push('has not the hash that the log has seen')
  if (names !== undefined && !areTrue(entry.tenant, names))
    problems.push('has names that its pseudonyms were not made from')
  return problems
}

const gapBetween = (last: number, next: number): string => {
  if (next <= last) return 'it was repeated or moved'
  return next === last + 2 ? `entry ${last + 1} is missing` : `entries ${last + 1} to ${next - 1} are missing`
}

/** What a log has seen and the export does not reach, of the tenants that it has. */
function missingEnds(
  heads: readonly SeenHead[],
  tenants: ReadonlySet<string>,
  chains: ReadonlyMap<string, Progress>,
): readonly ChainBreak[] {
  const latest = new Map<string, SeenHead>()
  for (const head of heads) {
    if (tenants.has(head.tenant) && head.n > (latest.get(keyOf(head))?.n ?? 0)) latest.set(keyOf(head), head)
  }
  return [...latest].flatMap(([key, { writer, n }]) => {
    const last = chains.get(key)?.last ?? 0
    if (n <= last) return []
    return [
      { message: `the log has seen entry ${n} of writer ${writer}: its chain was cut off after ${last}` },
    ]
  })
}

function areTrue(tenant: string, names: unknown): boolean {
  if (!isObject(names)) return false
  return Object.entries(names).every(([pseudonym, name]) => {
    if (!isObject(name) || typeof name.text !== 'string' || typeof name.salt !== 'string') return false
    const kind = NAME_KINDS.find((known) => known === name.kind)
    return kind !== undefined && pseudonymOf({ tenant, kind, text: name.text }, name.salt) === pseudonym
  })
}

const isShown = (value: unknown): value is Shown =>
  isObject(value) &&
  typeof value.tenant === 'string' &&
  typeof value.writer === 'string' &&
  Number.isSafeInteger(value.n) &&
  typeof value.previous === 'string' &&
  typeof value.hash === 'string'

const keyOf = ({ tenant, writer }: Pick<ChainHead, 'tenant' | 'writer'>, n?: number): string =>
  JSON.stringify(n === undefined ? [tenant, writer] : [tenant, writer, n])

function partsOf(key: string): Pick<ChainHead, 'tenant' | 'writer'> {
  const [tenant = '', writer = ''] = JSON.parse(key)
  return { tenant, writer }
}
