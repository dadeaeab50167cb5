import { readFileSync } from 'node:fs'
import { type CardVerdict, cardVerdict } from '../registry/card-verdict.ts'
import { validateCard } from '../registry/validate-card.ts'

/** Standard input, as programs name it. */
const STDIN = '-'

/**
 * Judges the card in a file as registering it would, but for what only a running gateway knows: its addresses, its policy and the
 * keys it trusts. Prints a line for each finding, and returns whether there are no errors.
 */
export function validate(path: string): boolean {
  const text = readFileSync(path === STDIN ? 0 : path, 'utf8')
  const verdict = cardVerdict(text, validateCard(text))
  const name = path === STDIN ? 'stdin' : path
  for (const error of verdict.errors) console.log(describe(name, 'error', error))
  for (const warning of verdict.warnings) console.log(describe(name, 'warning', warning))
  if (verdict.valid) console.log(`${name}: a valid card of A2A ${verdict.version}`)
  return verdict.valid
}

const describe = (
  name: string,
  level: string,
  { pointer, message, hint, code, line }: CardVerdict['errors'][number],
): string =>
  `${name}${line === undefined ? '' : `:${line}`}: ${level}: ${pointer || 'the card'} ${message}${hint === undefined ? '' : `. ${hint}`} [${code}]`
