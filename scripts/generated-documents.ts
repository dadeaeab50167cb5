/** The documents that are made from the code, so that they cannot say anything else. */
import { isInterrupted, isTerminal, TASK_STATES, TRANSITIONS } from '../src/a2a/task-state.ts'
import { SETTINGS } from '../src/config/env.ts'
import { PROBLEMS, problemType } from '../src/edge/http/problem.ts'
import { JSONRPC_FAILURES } from '../src/edge/jsonrpc/errors.ts'
import { restStatus } from '../src/edge/rest/errors.ts'
import { RPC_STATUS } from '../src/edge/rpc-status.ts'
import { ERROR_CODES } from '../src/errors.ts'

const GENERATED = '<!-- Made by `npm run docs`; edit the code it names instead. -->'

const row = (cells: readonly (string | number)[]): string => `| ${cells.join(' | ')} |`

const table = (head: readonly string[], rows: readonly (readonly (string | number)[])[]): string =>
  [row(head), row(head.map(() => '---')), ...rows.map(row)].join('\n')

/** docs/configuration.md, from the list of settings. */
export function configurationDocument(): string {
  const rows = Object.entries(SETTINGS).map(([name, text]) => {
    const [, meaning = text, unset = ''] = /^(.*) \(([^()]*)\)$/.exec(text) ?? []
    return [`\`PARLEY_${name}\``, meaning, unset === '' ? '' : `\`${unset}\``]
  })
  return `${GENERATED}

# Configuration

Settings are environment variables, read once, by \`src/config/env.ts\`. An empty one counts as unset; one that is not
listed here is reported at the start and ignored. A value that cannot be accepted stops the start, with every problem named.

${table(['Setting', 'Meaning', 'When unset'], rows)}
`
}

/** docs/errors.md, from the closed list of codes and what each binding makes of it. */
export function errorsDocument(): string {
  const rows = ERROR_CODES.map((code) => {
    const rpc = JSONRPC_FAILURES[code]
    return [
      `\`${code}\``,
      PROBLEMS[code].title,
      `\`${code.toUpperCase()}\``,
      rpc.code,
      `\`${RPC_STATUS[code]}\``,
      restStatus(code, '1.0'),
      restStatus(code, '0.3'),
      'unreadStatus' in rpc ? `${rpc.status}; ${rpc.unreadStatus} of the request itself` : rpc.status,
      PROBLEMS[code].status,
    ]
  })
  const head = [
    'Code',
    'Meaning',
    'Reason',
    'JSON-RPC',
    'gRPC',
    'HTTP of REST 1.0',
    'of REST 0.3',
    'of JSON-RPC',
    'of the native API',
  ]
  return `${GENERATED}

# Errors

Every failure has one code of \`src/errors.ts\`. The native API answers \`application/problem+json\` (RFC 9457) with that
\`code\` and the type \`${problemType('conflict').replace('conflict', '<code>')}\`. A2A answers in the form of its binding: JSON-RPC
an error object, REST 1.0 a \`google.rpc.Status\` under \`error\`, REST 0.3 the error object of JSON-RPC, gRPC a status with
\`grpc-status-details-bin\`. Each carries a \`google.rpc.ErrorInfo\` with the reason. A2A 0.3 has no codes for
\`EXTENSION_SUPPORT_REQUIRED\` and \`VERSION_NOT_SUPPORTED\`: there they are -32600. What the caller may not see is answered
as what does not exist.

${table(head, rows)}
`
}

const shortName = (state: string): string => state.replace('TASK_STATE_', '')

/** The life of a task, as a Mermaid diagram. A state that may follow itself is not drawn so. */
export function stateDiagram(): string {
  const lines = TASK_STATES.flatMap((from) => [
    ...(from === 'TASK_STATE_SUBMITTED' ? [`  [*] --> ${shortName(from)}`] : []),
    ...(isInterrupted(from) ? [`  ${shortName(from)} : ${shortName(from)} (interrupted)`] : []),
    ...TRANSITIONS[from].filter((to) => to !== from).map((to) => `  ${shortName(from)} --> ${shortName(to)}`),
    ...(isTerminal(from) ? [`  ${shortName(from)} --> [*]`] : []),
  ])
  return ['```mermaid', 'stateDiagram-v2', ...lines, '```'].join('\n')
}

const BEGIN = '<!-- state-diagram -->'
const END = '<!-- /state-diagram -->'

/** The document with the diagram between its markers; `undefined` when it has no markers. */
export function withStateDiagram(document: string): string | undefined {
  const begin = document.indexOf(BEGIN)
  const end = document.indexOf(END)
  if (begin < 0 || end < begin) return undefined
  return `${document.slice(0, begin + BEGIN.length)}\n${stateDiagram()}\n${document.slice(end)}`
}

/** Documents that are made whole, by path. */
export const GENERATED_DOCUMENTS: ReadonlyMap<string, () => string> = new Map([
  ['docs/configuration.md', configurationDocument],
  ['docs/errors.md', errorsDocument],
])
