import type { Violation } from '../errors.ts'

/** The name of an agent in addresses and in what people type; unique per tenant. */
const MAX_SLUG_LENGTH = 63
export const SLUG_PATTERN = '^[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?$'

const slugPattern = new RegExp(SLUG_PATTERN)
/** A slug in the form of an id could be taken for another agent's id. */
const idPattern = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/

/** Words that stand, or may come to stand, for something else where a slug stands. */
const RESERVED: ReadonlySet<string> = new Set(
  `a2a admin agents alerts api assets audit auth console contexts dead-letters directory docs extended-agent-card grants graphql
  health healthz invoke-url keys livez login logout metrics oauth openapi readyz register search settings static tasks v0
  v1 v2 validate webhooks well-known`.split(/\s+/),
)

/** Whether `text` has the form of a slug; what has the form of an id never is one. */
export const isSlug = (text: string): boolean => slugPattern.test(text) && !idPattern.test(text)

/** What keeps `slug` from being one. */
export function slugProblem(slug: string): Violation | undefined {
  if (!slugPattern.test(slug)) {
    return {
      pointer: '/slug',
      code: 'slug',
      message: 'must be 1 to 63 lower-case letters, digits and inner hyphens',
      hint: `For example ${slugFrom(slug)}`,
    }
  }
  if (RESERVED.has(slug)) return { pointer: '/slug', code: 'reserved', message: 'is a reserved word' }
  if (idPattern.test(slug)) {
    return { pointer: '/slug', code: 'reserved', message: 'must not have the form of an agent id' }
  }
  return undefined
}

/** A slug made from a card's name. */
export function slugFrom(name: string): string {
  const words = name
    .slice(0, 1000)
    .normalize('NFKD')
    .replace(/\p{M}+/gu, '')
    .replace(/([a-z0-9])([A-Z])/g, '$1-$2')
    .toLowerCase()
    .match(/[a-z0-9]+/g)
  const slug = cut((words ?? ['agent']).join('-'), MAX_SLUG_LENGTH)
  return RESERVED.has(slug) || idPattern.test(slug) ? `${cut(slug, MAX_SLUG_LENGTH - 6)}-agent` : slug
}

/** The n-th slug to try when the ones before are taken: `echo`, `echo-2`, `echo-3` … */
export function numberedSlug(slug: string, n: number): string {
  const suffix = n === 1 ? '' : `-${n}`
  return cut(slug, MAX_SLUG_LENGTH - suffix.length) + suffix
}

const cut = (slug: string, length: number): string => slug.slice(0, length).replace(/-+$/, '')
