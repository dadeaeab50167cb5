import { SHOUT } from '../extension.ts'
import { textPart } from '../parts.ts'
import type { Skill } from '../skill.ts'

/** Whether it shouts is up to the caller: see `extension.ts`. */
export const shout: Skill = {
  id: 'shout',
  description: 'Completes with the text, in capitals when the extension for it is active.',
  tags: ['answer', 'extension'],
  example: 'shout hello',
  run: ({ order, extensions, artifact, complete }) => {
    const text = extensions.includes(SHOUT) ? order.text.toUpperCase() : order.text
    artifact([textPart(text)], { extensions: extensions.filter((uri) => uri === SHOUT) })
    complete(text)
  },
}

/** Only the extended card lists it. */
export const whisper: Skill = {
  id: 'whisper',
  description: 'Completes with the text in small letters.',
  tags: ['answer', 'extended'],
  example: 'whisper HELLO',
  run: ({ order, artifact, complete }) => {
    const text = order.text.toLowerCase()
    artifact([textPart(text)])
    complete(text)
  },
}
