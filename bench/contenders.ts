import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { BenchContext } from './bench-context.ts'
import type { Core } from './cores.ts'
import { drive, type Load, type LoadResult, warmUp } from './load.ts'
import { alternate, median } from './measure.ts'
import type { Program } from './processes.ts'
import { shown } from './report.ts'
import { listeningUrl } from './serve-until-orphaned.ts'

export type Served = AsyncDisposable & { readonly url: string; readonly program: Program }

/** Starts one of the benchmark's own servers. */
export async function startOwn(
  bench: BenchContext,
  name: 'raw-server' | 'sdk-express' | 'fast-agent',
  core: Core,
  args: readonly string[] = [],
): Promise<Served> {
  const path = fileURLToPath(new URL(`./${name}.ts`, import.meta.url))
  const program = bench.start({ args: [path, ...args], core })
  const url = await program.line(listeningUrl)
  return { url, program, [Symbol.asyncDispose]: () => program[Symbol.asyncDispose]() }
}

/** A bare server that answers the same bytes as `answer`. */
export async function startRaw(bench: BenchContext, answer: string): Promise<Served> {
  const path = join(bench.dir, 'answer.json')
  await writeFile(path, answer)
  return startOwn(bench, 'raw-server', 'server', [path])
}

export type Rates<Name extends string> = {
  /** Requests per second, the median of the rounds. */
  readonly perSecond: Readonly<Record<Name, number>>
  /** All requests each contender has answered, warm-up included. */
  readonly requests: Readonly<Record<Name, number>>
  readonly notes: readonly string[]
}

const ROUNDS = 3

/** Rounds may be doubled when others use this share of a core. */
const MAX_DISTURBANCE = 0.1

/**
 * Drives the contenders in turns, each warmed up before, and says how many requests per second each answers. On a
 * machine that others use too, it takes more turns and counts the rounds that were disturbed least.
 */
export async function compareRates<Name extends string>(
  bench: BenchContext,
  loads: Readonly<Record<Name, Load>>,
): Promise<Rates<Name>> {
  const { quick, signal } = bench
  const names = Object.keys(loads) as Name[]
  const amounts = new Map<Name, number>()
  const requests = Object.fromEntries(names.map((name) => [name, 0])) as Record<Name, number>
  for (const name of names) {
    const warm = await warmUp(bench, loads[name], quick ? 2000 : 6000)
    requests[name] = warm.requests
    amounts.set(name, Math.round(warm.perSecond * (quick ? 1 : 2.5)))
  }
  const run = (name: Name) => async () => {
    const result = await drive(bench, loads[name], amounts.get(name) ?? 0)
    requests[name] += result.requests
    return result
  }
  const runs = Object.fromEntries(names.map((name) => [name, run(name)])) as Record<
    Name,
    () => Promise<LoadResult>
  >
  const first = await alternate(ROUNDS, runs, signal)
  const disturbed = names.some((name) => first[name].some((one) => one.disturbance > MAX_DISTURBANCE))
  const more = disturbed ? await alternate(ROUNDS, runs, signal) : undefined
  const rounds = [first, ...(more === undefined ? [] : [more])].flatMap((some) => roundsOf(names, some))
  const quietest = rounds.sort((a, b) => disturbanceOf(a) - disturbanceOf(b)).slice(0, ROUNDS)
  const kept = (name: Name) => quietest.map((round) => round[name])
  const perSecond = Object.fromEntries(
    names.map((name) => [name, median(kept(name).map((result) => result.perSecond))]),
  ) as Record<Name, number>
  return { perSecond, requests, notes: names.map((name) => noteOf(name, kept(name))) }
}

type Round<Name extends string> = Readonly<Record<Name, LoadResult>>

function roundsOf<Name extends string>(
  names: readonly Name[],
  results: Readonly<Record<Name, readonly LoadResult[]>>,
): readonly Round<Name>[] {
  return Array.from(
    { length: ROUNDS },
    (_, round) => Object.fromEntries(names.map((name) => [name, results[name][round]])) as Round<Name>,
  )
}

const disturbanceOf = (round: Round<string>): number =>
  Math.max(...Object.values(round).map(({ disturbance }) => disturbance))

function noteOf(name: string, results: readonly LoadResult[]): string {
  const rates = results.map(({ perSecond }) => perSecond)
  const spread = `${shown(Math.min(...rates))} to ${shown(Math.max(...rates))}`
  const cpu = shown(median(results.map(({ cpuMicros }) => cpuMicros)))
  const percent = (share: number) => (Number.isNaN(share) ? '?' : Math.round(share * 100))
  const busy = percent(median(results.map((result) => result.busy)))
  const others = percent(Math.max(...results.map(({ disturbance }) => disturbance)))
  return `${name}: ${shown(median(rates))} requests/s (${spread}), ${cpu} µs of CPU each; core ${busy} % in use, others took up to ${others} %`
}
