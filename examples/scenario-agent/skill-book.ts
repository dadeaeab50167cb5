import type { Message } from '@a2a-js/sdk'
import { firstText, type Order, readOrder } from './order.ts'
import type { Skill } from './skill.ts'
import { ANSWERS, echo } from './skills/answers.ts'
import { ARTIFACTS } from './skills/artifacts.ts'
import { createBreakdowns } from './skills/breakdowns.ts'
import { KIT_SCENARIOS } from './skills/kit-scenarios.ts'
import { shout, whisper } from './skills/voices.ts'
import { answer, WAITS } from './skills/waits.ts'

/** Every behaviour, and which one a message gets. */
export type SkillBook = {
  /** The skills of the card, in its order. */
  readonly listed: readonly Skill[]
  /** What the extended card lists: one skill more. */
  readonly extended: readonly Skill[]
  /** What the message asks for. Unknown words are an order for `echo` with the whole text. */
  order(message: Message): Order
  find(order: Order): Skill
  /** The skill for a message on a task that exists already. */
  findFollowUp(order: Order): Skill
}

export function createSkillBook(crash: () => void): SkillBook {
  const listed = [...ANSWERS, shout, ...WAITS, ...ARTIFACTS, ...createBreakdowns(crash)]
  const extended = [...listed, whisper]
  const kit = new Map(KIT_SCENARIOS.map((skill) => [skill.id, skill]))
  const byId = new Map([...kit, ...extended.map((skill) => [skill.id, skill] as const)])
  const prefixes = [...kit.keys()]

  const order = (message: Message): Order => {
    const read = readOrder(message, prefixes)
    if (byId.has(read.skill)) return read
    return { skill: echo.id, text: firstText(message), words: [] }
  }
  return {
    listed,
    extended,
    order,
    find: ({ skill }) => byId.get(skill) ?? echo,
    findFollowUp: ({ skill }) => kit.get(skill) ?? answer,
  }
}
