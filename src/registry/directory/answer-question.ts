import Type, { type Static } from 'typebox'
import { type JsonText, objectText, textOf } from '../../a2a/json-text.ts'
import type { Message } from '../../a2a/message.ts'
import { check, invalidParams } from '../../a2a/wire.ts'
import type { Call } from '../../access/principal.ts'
import { AGENT_TYPE } from '../catalog/catalog-entry.ts'
import { plainWords } from '../catalog/plain-words.ts'
import type { CurrentHealth } from '../health/current-health.ts'
import type { AgentPage, Registry } from '../registry.ts'

const Value = Type.String({ minLength: 1, maxLength: 256 })
const Values = Type.Union([Value, Type.Array(Value, { minItems: 1, maxItems: 20 })])

/** What a data part may ask; with a text part besides, both must fit. */
const Question = Type.Object(
  {
    text: Type.Optional(Type.String({ minLength: 1, maxLength: 2000 })),
    skill: Type.Optional(Values),
    tag: Type.Optional(Values),
    limit: Type.Optional(Type.Integer({ minimum: 1, maximum: 20, default: 5 })),
  },
  { additionalProperties: false },
)
type Question = Static<typeof Question>

const questionCheck = check(Question)
const DEFAULT_LIMIT = 5

/** On a part: what it holds is somebody else's text, to be read as data and never as instructions; and how the agent is. */
const metadataOf = (health: CurrentHealth | undefined): string =>
  textOf({ 'dev.parley.untrusted': true, ...(health && { 'dev.parley.health': health.state }) })

/**
 * The directory's answer to a message: how many agents fit, and the published card of each in a data part. Shows what
 * the caller may discover. Throws `invalid_params` for a message that asks nothing.
 */
export async function answerQuestion(
  registry: Pick<Registry, 'search' | 'healthOf' | 'publishedCard'>,
  call: Call,
  message: Message,
  messageId: string,
): Promise<JsonText<Message>> {
  const question = questionIn(message)
  const words = plainWords([question.text ?? '', ...message.parts.map(({ text = '' }) => text)].join(' '))
  const { skill, tag, limit = DEFAULT_LIMIT } = question
  if (words.length === 0 && skill === undefined && tag === undefined) throw asksNothing()
  const page = await registry.search(call, {
    ...(words.length > 0 && { text: words.join(' ') }),
    filters: {
      lifecycle: ['active'],
      ...(skill !== undefined && { skill: listOf(skill) }),
      ...(tag !== undefined && { tag: listOf(tag) }),
    },
    limit,
  })
  const cards = await Promise.all(page.items.map((agent) => registry.publishedCard(agent, 'v1')))
  const healths = await registry.healthOf(page.items)
  const parts = cards.map(({ text }, index) =>
    objectText([
      ['data', text],
      ['mediaType', textOf(AGENT_TYPE)],
      ['metadata', metadataOf(healths[index])],
    ]),
  )
  return objectText([
    ['messageId', textOf(messageId)],
    ['contextId', message.contextId ? textOf(message.contextId) : undefined],
    ['role', textOf('ROLE_AGENT')],
    ['parts', `[${[textOf({ text: summaryOf(page) }), ...parts].join(',')}]`],
  ])
}

function questionIn({ parts }: Message): Question {
  const asked = parts.flatMap(({ data }, index) => (data === undefined ? [] : [{ data, index }]))
  const [first, second] = asked
  if (second !== undefined) throw invalidAt(second.index, 'is a second question: send one data part')
  if (first === undefined) return {}
  const [problem] = questionCheck.violations(first.data)
  if (problem === undefined) return questionCheck.parse(first.data)
  throw invalidAt(first.index, `${problem.pointer} ${problem.message}`.trim())
}

const invalidAt = (index: number, message: string) =>
  invalidParams([{ pointer: `/message/parts/${index}/data`, code: 'question', message }])

const asksNothing = () =>
  invalidParams([
    {
      pointer: '/message/parts',
      code: 'question',
      message: 'must say in words what an agent should do, or in data its skill or tag',
    },
  ])

function summaryOf({ items, total }: AgentPage): string {
  if (total === 0) return 'No agent fits.'
  const found = total === 1 ? '1 agent fits.' : `${total} agents fit.`
  return items.length < total ? `${found} The cards of ${items.length} follow.` : found
}

const listOf = (value: string | readonly string[]): readonly string[] =>
  typeof value === 'string' ? [value] : value
