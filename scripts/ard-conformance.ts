// Runs the conformance tool of Agentic Resource Discovery against Parley; see USAGE, or CONTRIBUTING.md.
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { startParley } from '../test/e2e/parley-process.ts'
import { startScenarioAgent } from '../test/e2e/scenario-agent-process.ts'
import { register } from '../test/e2e/world.ts'

const USAGE = `npm run conformance:ard -- --kit <path> [--python <path>]

Runs ARD's conformance tool against a Parley it starts, with the scenario agent registered for everybody to see: both
catalogs in its manifest mode, and its registry mode. Exits with 1 when the tool finds an error, with 2 where it could not
be run.

  --kit <path>     a checkout of github.com/ards-project/ard-spec
  --python <path>  Python 3 (python3); with the package jsonschema the tool checks its schema, too
`

try {
  const { values } = parseArgs({
    options: {
      kit: { type: 'string' },
      python: { type: 'string', default: 'python3' },
      help: { type: 'boolean', short: 'h', default: false },
    },
  })
  if (values.help) process.stdout.write(USAGE)
  else if (!(await conforms(toolIn(values.kit), values.python))) process.exitCode = 1
} catch (error) {
  console.error(`conformance: ${error instanceof Error ? error.message : String(error)}`)
  process.exitCode = 2
}

function toolIn(kit: string | undefined): string {
  if (kit === undefined) throw new Error('--kit is required: the path of a checkout of ard-spec')
  const tool = join(kit, 'conformance', 'bin', 'conformance-test')
  if (existsSync(tool)) return tool
  throw new Error(`There is no ${tool}: is ${kit} a checkout of ard-spec?`)
}

/** Whether the tool finds no error anywhere. */
async function conforms(tool: string, python: string): Promise<boolean> {
  await using parley = await startParley()
  await using agent = await startScenarioAgent()
  for (const slug of ['first', 'second']) {
    await register(parley, agent.card, { slug, visibility: 'public' })
  }
  const runs = [
    ['manifest', `${parley.url}/.well-known/ai-catalog.json`],
    ['manifest', `${parley.url}/.well-known/ard.json`],
    ['registry', `${parley.url}/ard/`],
  ]
  const codes: unknown[] = []
  for (const run of runs) {
    const child = spawn(python, ['-B', tool, ...run], { stdio: ['ignore', 'inherit', 'inherit'] })
    const [code] = await once(child, 'exit')
    codes.push(code)
  }
  return codes.every((code) => code === 0)
}
