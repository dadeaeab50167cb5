#!/usr/bin/env node
import { readEnvironment, SETTINGS } from '../config/env.ts'
import { VERSION } from '../config/version.ts'
import { ParleyError } from '../errors.ts'
import { audit } from './audit.ts'
import { ROTATE_HELP, rotate } from './rotate.ts'
import { serve } from './serve.ts'
import { validate } from './validate.ts'

const USES = [
  ['parley serve', 'run the gateway (Ctrl-C stops it, a second one at once)'],
  ['parley validate <file>', 'judge an Agent Card as registering it would (- reads standard input)'],
  ['parley rotate', 'replace the keys that Parley signs and encrypts with; see parley rotate --help'],
  ['parley audit verify <file>', 'check an export of the audit log (- reads standard input)'],
  ['    --log <log>', "and, against the gateway's log, that nothing was cut off"],
  ['parley --help', 'this text'],
  ['parley --version', 'the version'],
] as const

const HELP = `parley ${VERSION}: an Agent2Agent gateway and agent registry

${columns(USES)}

Settings are environment variables (default in parentheses):

${columns(Object.entries(SETTINGS).map(([name, meaning]) => [`PARLEY_${name}`, meaning]))}
`

function columns(rows: readonly (readonly [name: string, meaning: string])[]): string {
  const width = Math.max(...rows.map(([name]) => name.length))
  return rows.map(([name, meaning]) => `  ${name.padEnd(width)}  ${meaning}`).join('\n')
}

/** Wrong use of the command line, as in sysexits.h. */
const EXIT_USAGE = 64

/** What each command does with the arguments behind its name. Answers false for a wrong use of it. */
const COMMANDS: Readonly<Record<string, (args: readonly string[]) => Promise<boolean>>> = {
  async serve(args) {
    if (args.length > 0) return false
    await serve(readEnvironment())
    return true
  },
  async validate([path, ...others]) {
    if (path === undefined || others.length > 0) return false
    process.exitCode = validate(path) ? 0 : 1
    return true
  },
  async audit(args) {
    const holds = await audit(args)
    if (holds === undefined) return false
    process.exitCode = holds ? 0 : 1
    return true
  },
  rotate: (args) => rotate(args, readEnvironment()),
}

const asksForHelp = (args: readonly string[]): boolean => args.includes('--help') || args.includes('-h')

async function main(args: readonly string[]): Promise<void> {
  const [name, ...rest] = args
  if (name === '--version' || name === '-v') return console.log(VERSION)
  if (name === 'rotate' && (rest.length === 0 || asksForHelp(rest))) return console.log(ROTATE_HELP)
  if (name === 'help' || asksForHelp(args)) return console.log(HELP)
  const command = name !== undefined && Object.hasOwn(COMMANDS, name) ? COMMANDS[name] : undefined
  if (command !== undefined && (await command(rest))) return
  console.error(name === undefined ? HELP : `parley: unknown command: ${args.join(' ')}\nTry parley --help`)
  process.exitCode = EXIT_USAGE
}

try {
  await main(process.argv.slice(2))
} catch (error) {
  console.error(`parley: ${error instanceof ParleyError ? error.message : String(error)}`)
  if (error instanceof ParleyError && error.cause !== undefined) console.error(error.cause)
  process.exitCode = 1
}
