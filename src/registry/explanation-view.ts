import Type, { type Static } from 'typebox'
import { OPERATIONS } from '../a2a/operation.ts'
import { ACTION_NAMES } from '../access/access.ts'
import { type Explanation, STEP_CODES, STEP_OUTCOMES } from '../access/explain.ts'
import { SCOPES } from '../access/principal.ts'
import { VISIBILITIES } from './agent.ts'
import type { AccessExplanation } from './explain-access.ts'
import { GrantView, grantView } from './grant-view.ts'

const Verdict = Type.Object({
  action: Type.Enum([...ACTION_NAMES]),
  operation: Type.Optional(Type.Enum([...OPERATIONS])),
  scope: Type.Enum([...SCOPES], { description: 'The scope it takes' }),
  verdict: Type.Enum(['allowed', 'scope', 'grant', 'disabled', 'hidden'], {
    description:
      'allowed, or why not: no scope, no grant for what is seen, disabled for everybody, or answered as if there were no agent',
  }),
  grantId: Type.Optional(Type.String({ description: 'The grant that allows it' })),
  text: Type.String({ description: 'What the caller gets to see' }),
  steps: Type.Array(
    Type.Object({
      code: Type.Enum([...STEP_CODES]),
      outcome: Type.Enum([...STEP_OUTCOMES]),
      text: Type.String(),
      grantId: Type.Optional(Type.String()),
    }),
    { description: 'What was looked at, in order; the last one decided' },
  ),
})

export const ExplanationView = Type.Object({
  agent: Type.Object({
    id: Type.String(),
    slug: Type.String(),
    owner: Type.String(),
    visibility: Type.Enum([...VISIBILITIES]),
  }),
  principal: Type.Object({
    tenant: Type.String(),
    subject: Type.String(),
    groups: Type.Array(Type.String()),
    scopes: Type.Array(Type.Enum([...SCOPES])),
    scopesAssumed: Type.Boolean({ description: 'None were given, so every scope but admin was assumed' }),
    agents: Type.Optional(
      Type.Array(Type.String(), { description: 'The only agents that the credential is good for' }),
    ),
  }),
  verdicts: Type.Array(Verdict),
  grants: Type.Array(
    Type.Object({ ...GrantView.properties, applies: Type.Boolean({ description: 'It is for them' }) }),
  ),
})
export type ExplanationView = Static<typeof ExplanationView>

export function explanationView(found: AccessExplanation): ExplanationView {
  const { agent, principal, scopesAssumed, explanations, grants } = found
  return {
    agent: { id: agent.id, slug: agent.slug, owner: agent.owner, visibility: agent.visibility },
    principal: {
      tenant: principal.tenant,
      subject: principal.subject,
      groups: [...principal.groups],
      scopes: [...principal.scopes],
      scopesAssumed,
      ...(principal.agents === undefined ? {} : { agents: [...principal.agents] }),
    },
    verdicts: explanations.map(verdictView),
    grants: grants.map(({ grant, applies }) => ({ ...grantView(grant), applies })),
  }
}

function verdictView({
  action,
  operation,
  scope,
  decision,
  text,
  steps,
}: Explanation): Static<typeof Verdict> {
  return {
    action,
    ...(operation === undefined ? {} : { operation }),
    scope,
    verdict: decision.allow ? 'allowed' : decision.reason,
    ...(decision.allow && decision.grantId !== undefined ? { grantId: decision.grantId } : {}),
    text,
    steps: [...steps],
  }
}
