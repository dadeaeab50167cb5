import type { Message } from '@a2a-js/sdk'
import { firstText, type Order, readOrder } from './order.ts'
import type { Skill } from './skill.ts'
import { ANSWERS, echo } from './skills/answers.ts'
import { ARTIFACTS } from './skills/artifacts.ts'
import { createBreakdowns } from './skills/breakdowns.ts'
import { KIT_SCENARIOS } from './skills/kit-scenarios.ts'
import { answer, WAITS } from './skills/waits.ts'

/** Every behaviour, and which one a message gets. */
export type SkillBook = {
  /** The skills of the card, in its order. */
  readonly listed: readonly Skill[]
  /** What the message asks for. Unknown words are an order for `echo` with the whole text. */
  order(message: Message): Order
  find(order: Order): Skill
  /** The skill for a message on a task that exists already. */
  findFollowUp(order: Order): Skill
}

export function createSkillBook(crash: () => void): SkillBook {
  const listed = [...ANSWERS, ...WAITS, ...ARTIFACTS, ...createBreakdowns(crash)]
  const kit = new Map(KIT_SCENARIOS.map((skill) => [skill.id, skill]))
  const byId = new Map([...kit, ...listed.map((skill) => [skill.id, skill] as const)])
  const prefixes = [...kit.keys()]

  const order = (message: Message): Order => {
    const read = readOrder(message, prefixes)
    if (byId.has(read.skill)) return read
    return { skill: echo.id, text: firstText(message), words: [] }
  }
  return {
    listed,
    order,
    find: ({ skill }) => byId.get(skill) ?? echo,
    findFollowUp: ({ skill }) => kit.get(skill) ?? answer,
  }
}
