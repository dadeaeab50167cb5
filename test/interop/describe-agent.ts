import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import { type Child, startProgram } from '../e2e/child.ts'
import { eventually } from '../e2e/eventually.ts'
import { at, listAt, parsed, textAt } from '../e2e/json-path.ts'
import { type ParleyProcess, startParley } from '../e2e/parley-process.ts'
import {
  artifactText,
  type Endpoint,
  getTask,
  resultOf,
  rpc,
  send,
  sendNoWait,
  userMessage,
} from '../e2e/rpc.ts'
import { payload, readStream } from '../e2e/sse.ts'
import { newClient, register } from '../e2e/world.ts'
import { missing } from './describe-client.ts'
import { type Form, nameOf } from './form.ts'
import { narrowed } from './narrowed.ts'
import type { Stranger } from './stranger.ts'

export type AgentTraits = {
  /** In which forms its files have names. Default: in all. */
  readonly namesFiles?: (form: Form) => boolean
  /** How often a step may be tried with an agent that goes wrong by chance. Default: once. */
  readonly attempts?: number
}

/** A stranger's agent behind Parley, form after form, driven by raw calls of A2A 1.0 over JSON-RPC. */
export function describeAgent(stranger: Stranger, traits: AgentTraits = {}): void {
  describe(`${stranger.name} as agent`, { skip: missing(stranger) }, () => {
    for (const { role, form, why } of stranger.leftOut) {
      if (role !== 'client') it(nameOf(form), { skip: why })
    }

    if (stranger.agent === undefined) return
    const [program, ...args] = stranger.agent
    let parley: ParleyProcess
    let agent: Child
    let card: unknown
    before(async () => {
      agent = startProgram(program, args, {})
      const cardUrl = await agent.line(readyCard)
      card = await (await fetch(cardUrl)).json()
      parley = await startParley()
    })
    after(async () => {
      agent.kill('SIGKILL')
      await agent.exited
      await parley[Symbol.asyncDispose]()
    })

    for (const form of stranger.agentForms) {
      it(nameOf(form), async (t) => {
        const slug = `stranger-${form.version.replace('.', '-')}-${form.binding}`
        await register(parley, narrowed(card, form), { slug })
        const step: Step = (name, run) => t.test(name, () => attempt(run, traits.attempts ?? 1))
        await driveAgent(step, await newClient(parley, slug, 'driver'), traits.namesFiles?.(form) ?? true)
      })
    }
  })
}

type Step = (name: string, run: () => Promise<void>) => Promise<void>

async function attempt(run: () => Promise<void>, attempts: number): Promise<void> {
  try {
    await run()
  } catch (reason) {
    if (attempts <= 1) throw reason
    await attempt(run, attempts - 1)
  }
}

async function driveAgent(step: Step, agent: Endpoint, namesFiles: boolean): Promise<void> {
  await step('answers a blocking send', async () => {
    const { task } = answerOf(await send(agent, 'echo hello'))

    assert.equal(at(task, 'status', 'state'), 'TASK_STATE_COMPLETED')
    assert.equal(artifactText(task), 'hello')
  })

  await step('answers with a plain message', async () => {
    const { message } = answerOf(await send(agent, 'message hi'))

    assert.equal(at(message, 'parts', 0, 'text'), 'hi')
    assert.equal(at(message, 'role'), 'ROLE_AGENT')
  })

  await step('goes on when nobody waits', async () => {
    const { task } = answerOf(await sendNoWait(agent, 'slow 100'))

    const done = await until(agent, textAt(task, 'id'), 'TASK_STATE_COMPLETED')

    assert.equal(at(done, 'id'), at(task, 'id'))
  })

  await step('streams chunks in order', async () => {
    const events = await readStream(agent, 'SendStreamingMessage', { message: userMessage('stream 3 20') })
    const results = events.map((event) => at(payload(event), 'result'))

    const chunks = results.flatMap((result) => at(result, 'artifactUpdate') ?? [])
    assert.ok(at(results[0], 'task', 'id'), 'a task comes first')
    assert.deepEqual(
      chunks.map((chunk) => at(chunk, 'artifact', 'parts', 0, 'text')),
      ['chunk 1 ', 'chunk 2 ', 'chunk 3 '],
    )
    assert.equal(at(results.at(-1), 'statusUpdate', 'status', 'state'), 'TASK_STATE_COMPLETED')
  })

  await step('is joined in the middle of a stream', async () => {
    const { task } = answerOf(await sendNoWait(agent, 'stream 5 50'))

    const events = await readStream(agent, 'SubscribeToTask', { id: at(task, 'id') })

    const last = at(payload(events.at(-1)), 'result', 'statusUpdate', 'status', 'state')
    assert.equal(last, 'TASK_STATE_COMPLETED')
    assert.match(artifactText(await getTask(agent, textAt(task, 'id'))), /^chunk 1 .*chunk 5 $/)
  })

  await step('is cancelled', async () => {
    const { task } = answerOf(await sendNoWait(agent, 'slow 60000'))
    await until(agent, textAt(task, 'id'), 'TASK_STATE_WORKING')

    const canceled = resultOf(await rpc(agent, 'CancelTask', { id: at(task, 'id') }))

    assert.equal(at(canceled, 'status', 'state'), 'TASK_STATE_CANCELED')
  })

  await step('asks, and is answered on the same task', async () => {
    const { task: asked } = answerOf(await send(agent, 'input'))
    assert.equal(at(asked, 'status', 'state'), 'TASK_STATE_INPUT_REQUIRED')
    assert.match(textAt(asked, 'status', 'message', 'parts', 0, 'text'), /colour/)

    const message = { taskId: at(asked, 'id'), contextId: at(asked, 'contextId') }
    const { task: done } = answerOf(await send(agent, 'blue', { message }))

    assert.equal(at(done, 'id'), at(asked, 'id'))
    assert.equal(at(done, 'status', 'state'), 'TASK_STATE_COMPLETED')
    assert.equal(artifactText(done), 'You said: blue')
  })

  await step('fails with its own words', async () => {
    const { task } = answerOf(await send(agent, 'fail'))

    assert.equal(at(task, 'status', 'state'), 'TASK_STATE_FAILED')
    assert.match(textAt(task, 'status', 'message', 'parts', 0, 'text'), /could not do that/)
  })

  await step('gives files and data', async () => {
    const file = listAt(answerOf(await send(agent, 'file')).task, 'artifacts', 0, 'parts')
    const data = listAt(answerOf(await send(agent, 'data')).task, 'artifacts', 0, 'parts')

    const naming = namesFiles ? { filename: 'hello.txt' } : {}
    assert.partialDeepStrictEqual(file, [
      { raw: 'aGVsbG8K', ...naming },
      { url: 'https://example.com/hello.txt', ...naming },
    ])
    assert.partialDeepStrictEqual(data, [{ data: { colour: 'blue', sizes: [1, 2] } }])
  })
}

const answerOf = (answer: unknown) => ({ task: at(answer, 'task'), message: at(answer, 'message') })

const until = (agent: Endpoint, id: string, state: string) =>
  eventually(`the task is ${state}`, async () => {
    const task = await getTask(agent, id)
    return at(task, 'status', 'state') === state ? task : undefined
  })

function readyCard(line: string): string | undefined {
  if (!line.startsWith('{')) return undefined
  const record = parsed(line)
  return at(record, 'event') === 'ready' ? textAt(record, 'card') : undefined
}
