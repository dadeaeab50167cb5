import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type Child, startChild } from './child.ts'
import { parsed } from './json-path.ts'

const MAIN = new URL('../../examples/scenario-agent/main.ts', import.meta.url).pathname

/** The scenario agent in a process of its own, with the file in which it notes each message it gets. */
export type ScenarioAgent = AsyncDisposable & {
  readonly url: string
  readonly child: Child
  readonly card: unknown
  /** Every message the agent was sent so far, in order: `{ messageId, taskId, contextId, … }`. */
  record(): Promise<readonly unknown[]>
}

/** @param port where it listens; 0 picks a free one. */
export async function startScenarioAgent(port = 0): Promise<ScenarioAgent> {
  const folder = await mkdtemp(join(tmpdir(), 'parley-agent-'))
  const file = join(folder, 'record.jsonl')
  const child = startChild([MAIN, '--port', String(port), '--record', file], {})
  const url = await child.line((line) => /https?:\/\/[^\s"]+:\d+/.exec(line)?.[0])
  const answer = await fetch(`${url}/.well-known/agent-card.json`, { headers: { 'A2A-Version': '1.0' } })
  const card: unknown = await answer.json()
  return {
    url,
    child,
    card,
    record: async () =>
      (await readFile(file, 'utf8').catch(() => ''))
        .split('\n')
        .filter((line) => line !== '')
        .map(parsed),
    [Symbol.asyncDispose]: async () => {
      child.kill('SIGKILL')
      await child.exited
      await rm(folder, { recursive: true, force: true })
    },
  }
}
