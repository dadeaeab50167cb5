import { elementsOf, membersOf, objectText } from '../json-text.ts'
import { filled, type NameOf, readMembers } from './read.ts'

/** A push notification config of 0.3, which is nested in what names its task, ⇄ the flat one of 1.0. */
export function decodePushConfig(
  text: string,
  nameOf: NameOf,
  outer: { readonly taskId?: string | undefined; readonly id?: string | undefined },
): string {
  const config = readMembers(text, nameOf)
  const authentication = config.get('authentication')
  return objectText([
    ['id', filled(config.get('id')) ?? filled(outer.id)],
    ['taskId', outer.taskId],
    ['url', config.get('url')],
    ['token', filled(config.get('token'))],
    ['authentication', authentication && decodeAuthentication(authentication, nameOf)],
  ])
}

/**
 * 1.0 has one scheme where 0.3 lists those a receiver takes: the first is kept. An empty list means that no
 * authentication is asked for, unless there are credentials: those are a bearer token.
 */
function decodeAuthentication(text: string, nameOf: NameOf): string | undefined {
  const authentication = readMembers(text, nameOf)
  const [first] = elementsOf(authentication.get('schemes') ?? '[]')
  const credentials = filled(authentication.get('credentials'))
  if (first === undefined && credentials === undefined) return undefined
  return objectText([
    ['scheme', first ?? '"Bearer"'],
    ['credentials', credentials],
  ])
}

/** The inner config; its task is named around it. */
export function encodePushConfig(text: string): string {
  const config = membersOf(text)
  const authentication = config.get('authentication')
  return objectText([
    ['id', filled(config.get('id'))],
    ['url', config.get('url')],
    ['token', filled(config.get('token'))],
    ['authentication', authentication && encodeAuthentication(authentication)],
  ])
}

function encodeAuthentication(text: string): string {
  const authentication = membersOf(text)
  return objectText([
    ['schemes', `[${authentication.get('scheme') ?? ''}]`],
    ['credentials', filled(authentication.get('credentials'))],
  ])
}
