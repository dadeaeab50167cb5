import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { after, before, describe, it } from 'node:test'
import { promisify } from 'node:util'
import { at, parsed, textAt } from '../e2e/json-path.ts'
import { newKey, register, startWorld, type World } from '../e2e/world.ts'
import { isBuilt } from './builds.ts'
import { type Expectations, expectationsOf, type Step } from './client-steps.ts'
import { type Form, nameOf } from './form.ts'
import type { Stranger } from './stranger.ts'

/** What differs from what every client learns, step by step. */
export type Differences = (form: Form) => Expectations

/** Why a stranger cannot be met here, or false. In CI it must be there. */
export const missing = ({ build }: Stranger): string | false =>
  isBuilt(build) || process.env.CI ? false : `not built: run scripts/setup-interop.ts for ${build.name}`

const execute = promisify(execFile)
const CLIENT_TIMEOUT_MS = 120_000

const noDifferences: Differences = () => ({})

/**
 * A stranger's client, form after form, against the scenario agent behind Parley.
 *
 * The client runs once per form and says what it learned in each step.
 */
export function describeClient(stranger: Stranger, differences: Differences = noDifferences): void {
  describe(`${stranger.name} as client`, { skip: missing(stranger) }, () => {
    let world: World
    before(async () => {
      const { cardProfile } = stranger
      const registration = cardProfile === undefined ? {} : { cardProfile }
      world = await startWorld({ env: { PARLEY_GRPC: '0=scenario' }, registration })
      await register(world.parley, world.agent.card, { slug: 'tenant', ...registration })
    })
    after(() => world[Symbol.asyncDispose]())

    for (const { role, form, why } of stranger.leftOut) {
      if (role !== 'agent') it(nameOf(form), { skip: why })
    }

    for (const form of stranger.clientForms) {
      const expected: Expectations = { ...expectationsOf(form), ...differences(form) }

      it(nameOf(form), async (t) => {
        const key = await newKey(world.parley, 'stranger')
        // Over gRPC, 0.3 reaches the listener's own agent only; 1.0 says which by tenant.
        const slug = form.version === '0.3' ? 'scenario' : 'tenant'
        const steps = await runClient(stranger, form, `${world.parley.url}/a2a/${slug}`, key)

        for (const step of steps) {
          const name = textAt(step, 'step')
          await t.test(name, () => {
            const { step: _, detail, ...facts } = step
            assert.deepEqual(facts, expected[name], `what the client said: ${detail}`)
          })
        }
        assert.deepEqual(
          Object.keys(expected).filter((name) => !steps.some((step) => step.step === name)),
          [],
          'every step must have been taken',
        )
      })
    }
  })
}

async function runClient(
  { client: [program, ...args] }: Stranger,
  { version, binding }: Form,
  url: string,
  key: string,
): Promise<readonly Step[]> {
  const options = { url, key, binding, version }
  const flags = Object.entries(options).flatMap(([name, value]) => [`--${name}`, value])
  const { stdout } = await execute(program, [...args, ...flags], { timeout: CLIENT_TIMEOUT_MS })
  return stdout
    .split('\n')
    .filter((line) => line.startsWith('{'))
    .map(parsed)
    .filter((line): line is Step => at(line, 'step') !== undefined)
}
