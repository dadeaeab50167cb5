import Type from 'typebox'
import { check, parseJson } from '../../a2a/wire.ts'
import { AUDIT_ACTIONS, AUDIT_TARGET_KINDS, type AuditTarget } from '../../access/audit/audit-record.ts'
import { ParleyError } from '../../errors.ts'
import { AuditEntryView } from './audit-entry-view.ts'
import { emptyResponse } from './json-response.ts'
import { linesResponse, wantsLines } from './lines-response.ts'
import { listResponse, listSchema, PAGE_QUERY, pageOf } from './list-response.ts'
import { defineRoute, json, NO_QUERY, type Route } from './route.ts'

const instant = Type.String({ format: 'date-time' })
const text = Type.String({ minLength: 1, maxLength: 512 })

const AuditQuery = Type.Object({
  principal: Type.Optional({ ...text, description: 'A subject, or its pseudonym.' }),
  action: Type.Optional(Type.Enum([...AUDIT_ACTIONS])),
  target_kind: Type.Optional(Type.Enum([...AUDIT_TARGET_KINDS], { description: 'With `target_id`.' })),
  target_id: Type.Optional({ ...text, description: 'With `target_kind`.' }),
  outcome: Type.Optional(Type.Enum(['allowed', 'denied'])),
  from: Type.Optional({ ...instant, description: 'Not before this.' }),
  to: Type.Optional({ ...instant, description: 'Before this.' }),
  ...PAGE_QUERY,
})

const Erasure = Type.Object({ subject: text }, { additionalProperties: false })
const erasureCheck = check(Erasure)

export const AUDIT_ROUTES: readonly Route[] = [
  defineRoute({
    method: 'GET',
    path: '/audit',
    scope: 'admin',
    isTenantWide: true,
    summary:
      "The tenant's audit log, newest first; with `Accept: application/jsonl` all of it between `from` and `to`, for `parley audit verify`",
    query: AuditQuery,
    responses: {
      200: json('Entries', listSchema(AuditEntryView)),
    },
    async handle({ deps, call, request, query }) {
      const range = {
        ...(query.from !== undefined && { from: millisOf('from', query.from) }),
        ...(query.to !== undefined && { to: millisOf('to', query.to) }),
      }
      if (wantsLines(request)) {
        refuseFilter(Object.keys(query).filter((name) => name !== 'from' && name !== 'to'))
        return linesResponse(await deps.audit.export(call, range), call.requestId)
      }
      const { principal, action, outcome } = query
      const target = targetOf(query)
      const filter = {
        ...(principal !== undefined && { principal }),
        ...(action !== undefined && { action }),
        ...(target !== undefined && { target }),
        ...(outcome !== undefined && { outcome }),
      }
      const page = await deps.audit.list(call, { ...filter, ...range, ...pageOf(query) })
      return listResponse(page, call.requestId)
    },
  }),
  defineRoute({
    method: 'POST',
    path: '/audit/erase',
    scope: 'admin',
    isTenantWide: true,
    summary: 'Forget who a subject of the audit log was, its credentials and its addresses; entries stay',
    query: NO_QUERY,
    body: Erasure,
    responses: { 204: { description: 'Erased, or never known' } },
    async handle({ deps, call, body }) {
      await deps.audit.erase(call, erasureCheck.parse(parseJson(body.text)).subject)
      return emptyResponse(call.requestId)
    },
  }),
]

/** A chain without some of its entries cannot be checked. */
function refuseFilter(names: readonly string[]): void {
  const [name] = names
  if (name === undefined) return
  const message = 'does not go with an export, which has whole chains: only from and to do'
  throw new ParleyError('invalid_params', `${name} ${message}`, {
    violations: [{ pointer: `/${name}`, code: 'export', message }],
  })
}

function targetOf(query: {
  readonly target_kind?: AuditTarget['kind']
  readonly target_id?: string
}): AuditTarget | undefined {
  const { target_kind: kind, target_id: id } = query
  if (kind !== undefined && id !== undefined) return { kind, id }
  if (kind === undefined && id === undefined) return undefined
  const message = 'go together'
  throw new ParleyError('invalid_params', `target_kind and target_id ${message}`, {
    violations: [{ pointer: kind === undefined ? '/target_kind' : '/target_id', code: 'missing', message }],
  })
}

function millisOf(name: string, text: string): number {
  const ms = Date.parse(text)
  if (!Number.isNaN(ms)) return ms
  const message = 'must be a time, as 2026-01-31T00:00:00Z'
  throw new ParleyError('invalid_params', `${name} ${message}`, {
    violations: [{ pointer: `/${name}`, code: 'format', message }],
  })
}
