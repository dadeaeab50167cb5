import type { Agent } from '../agent.ts'
import type { CardVersion } from '../card-version.ts'
import type { Audience, Change } from './change.ts'

/** What becomes of an agent; `before` has version 0 when it is new. */
type Step = {
  readonly before: Agent
  readonly after: Agent
  readonly removed?: boolean
  readonly cardVersion?: CardVersion
}

/** What the change feed says of a commit. */
export function agentChange({ before, after, removed, cardVersion }: Step, at: number): Change {
  const { id, tenant, slug, version } = after
  // No two commits of an agent have one version, and no two agents one id.
  const change = { id: `${id}.${version}`, tenant, agentId: id, slug, at }
  if (removed === true) return { ...change, kind: 'unregistered', audience: audienceOf(before) }
  if (before.version === 0) return { ...change, kind: 'registered' }
  return {
    ...change,
    kind: 'updated',
    ...(cardVersion === undefined ? {} : { cardVersion: cardVersion.number }),
    ...(cardVersion?.verdict === undefined ? {} : { verdict: cardVersion.verdict }),
    ...(hasSameAudience(before, after) ? {} : { audience: audienceOf(before) }),
  }
}

const audienceOf = ({ owner, visibility, lifecycle, grants }: Agent): Audience => ({
  owner,
  visibility,
  lifecycle,
  ...(grants === undefined ? {} : { grants }),
})

const hasSameAudience = (before: Agent, after: Agent): boolean =>
  JSON.stringify(audienceOf(before)) === JSON.stringify(audienceOf(after))
