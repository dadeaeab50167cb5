#!/usr/bin/env node
import { readEnvironment, SETTINGS } from '../config/env.ts'
import { VERSION } from '../config/version.ts'
import { ParleyError } from '../errors.ts'
import { audit } from './audit.ts'
import { ROTATE_HELP, rotate } from './rotate.ts'
import { serve } from './serve.ts'
import { validate } from './validate.ts'

const HELP = `parley ${VERSION}: an Agent2Agent gateway and agent registry

  parley serve        run the gateway (Ctrl-C stops it, a second one at once)
  parley validate <file>  judge an Agent Card as registering it would (- reads standard input)
  parley rotate       replace the keys that Parley signs and encrypts with; see parley rotate --help
  parley audit verify <file> [--log <log>]  check an export of the audit log, and against the log that nothing was cut off
  parley --help       this text
  parley --version    the version

Settings are environment variables (default in parentheses):

${Object.entries(SETTINGS)
  .map(([name, meaning]) => `  PARLEY_${name.padEnd(18)} ${meaning}`)
  .join('\n')}
`

/** Wrong use of the command line, as in sysexits.h. */
const EXIT_USAGE = 64

const asksForHelp = (args: readonly string[]): boolean => args.includes('--help') || args.includes('-h')

async function main(args: readonly string[]): Promise<void> {
  const [command, ...rest] = args
  if (command === '--version' || command === '-v') console.log(VERSION)
  else if (command === 'rotate' && (rest.length === 0 || asksForHelp(rest))) console.log(ROTATE_HELP)
  else if (asksForHelp(args) || command === 'help') console.log(HELP)
  else if (command === 'serve' && rest.length === 0) await serve(readEnvironment())
  else if (command === 'validate' && rest[0] !== undefined && rest.length === 1) {
    process.exitCode = validate(rest[0]) ? 0 : 1
  } else if (command === 'audit') {
    const holds = await audit(rest)
    if (holds === undefined) refuse(args)
    else process.exitCode = holds ? 0 : 1
  } else if (command !== 'rotate' || !(await rotate(rest, readEnvironment()))) {
    if (command === undefined) console.error(HELP)
    refuse(args)
  }
}

function refuse(args: readonly string[]): void {
  if (args.length > 0) console.error(`parley: unknown command: ${args.join(' ')}\nTry parley --help`)
  process.exitCode = EXIT_USAGE
}

try {
  await main(process.argv.slice(2))
} catch (error) {
  console.error(`parley: ${error instanceof ParleyError ? error.message : String(error)}`)
  if (error instanceof ParleyError && error.cause !== undefined) console.error(error.cause)
  process.exitCode = 1
}
