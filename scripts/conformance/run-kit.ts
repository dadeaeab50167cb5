import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { closeSync, openSync } from 'node:fs'
import { createInterface } from 'node:readline'
import { Readable } from 'node:stream'
import { fileURLToPath } from 'node:url'
import type { Transport } from './arguments.ts'
import type { Kit, KitPart } from './kit.ts'
import { asOutcome, type Result } from './result.ts'

/** Holds the plugin that gives the kit its credential and reports what each test comes to. */
const PLUGIN_FOLDER = fileURLToPath(new URL('.', import.meta.url))
const PLUGIN = 'parley_kit'

/** Exit codes of pytest that mean that tests ran: all passed, or some failed. */
const RAN = [0, 1]

export type RunOptions = {
  readonly python: string
  readonly key: string
  readonly transport: Transport
  /** Where the JUnit report and pytest's output go; a path without extension. */
  readonly report: string
  readonly signal: AbortSignal
  /** Hears of every test as it ends. */
  readonly progress: (result: Result, total: number) => void
}

/**
 * Runs one part of the kit and resolves with what each test came to, but for those skipped that belong to another
 * transport. Throws an `Error` where tests did not run.
 */
export async function runKit(kit: Kit, part: KitPart, options: RunOptions): Promise<readonly Result[]> {
  const { python, key, transport, report, signal, progress } = options
  const output = openSync(`${report}.log`, 'w')
  const args = ['-B', '-m', 'pytest', '-p', PLUGIN, '-p', 'no:cacheprovider', '--tb=short', '-q']
  const child = spawn(python, [...args, `--junitxml=${report}.xml`, ...part.args], {
    cwd: kit.folder,
    env: {
      PATH: process.env.PATH ?? '',
      HOME: process.env.HOME ?? '',
      PYTHONPATH: PLUGIN_FOLDER,
      PYTHONDONTWRITEBYTECODE: '1',
      CONFORMANCE_KEY: key,
      CONFORMANCE_BARE_TESTS: kit.bareTests.source,
      CONFORMANCE_RESULTS_FD: '3',
    },
    stdio: ['ignore', output, output, 'pipe'],
    signal,
  })
  closeSync(output)
  const exit = once(child, 'exit')
  // Awaited once its results have been read; until then a failure waits too.
  exit.catch(() => {})
  const results = new Map<string, Result>()
  const pipe = child.stdio[3]
  if (!(pipe instanceof Readable)) throw new TypeError('The kit has no pipe for its results.')
  let total = 0
  for await (const line of createInterface({ input: pipe })) {
    const record: unknown = JSON.parse(line)
    if (isTotal(record)) total = record.total
    else if (isOutcome(record)) {
      const { test: id, outcome, detail } = record
      const result = { test: kit.testId(id), outcome: asOutcome(outcome), detail }
      progress(result, total)
      // A test that failed stays failed when its clean-up goes well.
      if (results.get(id)?.outcome === 'failed') continue
      results.set(id, result)
    }
  }
  const [code] = await exit
  if (!RAN.includes(code)) throw new Error(`pytest ended with ${code}: see ${report}.log`)
  return [...results]
    .filter(([id, { outcome, detail }]) => outcome !== 'skipped' || !kit.isElsewhere(id, detail, transport))
    .map(([, result]) => result)
}

const isObject = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null

const isTotal = (record: unknown): record is { readonly total: number } =>
  isObject(record) && typeof record.total === 'number'

type OutcomeRecord = { readonly test: string; readonly outcome: string; readonly detail: string }

const isOutcome = (record: unknown): record is OutcomeRecord =>
  isObject(record) && [record.test, record.outcome, record.detail].every((value) => typeof value === 'string')
