import Type from 'typebox'
import { check, parseJson } from '../../a2a/wire.ts'
import { AUDIT_ACTIONS, AUDIT_TARGET_KINDS, type AuditTarget } from '../../access/audit/audit-record.ts'
import type { TimeRange } from '../../access/audit/audit-store.ts'
import { ParleyError } from '../../errors.ts'
import { emptyResponse } from './json-response.ts'
import { listResponse, listSchema, PAGE_QUERY, pageOf } from './list-response.ts'
import { defineRoute, NO_QUERY, type Route, type RouteInput } from './route.ts'
import { API_HEADERS } from './security-headers.ts'

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

const pseudonym = Type.String({ description: 'A pseudonym; `names` says of whom, unless it was erased.' })

const AuditEntryView = Type.Object({
  tenant: Type.String(),
  writer: Type.String({ description: 'The process that wrote it.' }),
  n: Type.Integer({ minimum: 1, description: 'Gapless in the chain of its tenant and writer.' }),
  previous: Type.String({ description: 'The hash of the entry before.' }),
  hash: Type.String({ description: 'SHA-256 of the RFC 8785 form of the entry without `hash` and `names`.' }),
  at: instant,
  principal: pseudonym,
  credential: Type.Optional(Type.Object({ kind: Type.Enum(['key', 'token', 'certificate']), id: pseudonym })),
  from: Type.Optional(pseudonym),
  requestId: Type.Optional(Type.String()),
  action: Type.Enum([...AUDIT_ACTIONS]),
  target: Type.Object({ kind: Type.Enum([...AUDIT_TARGET_KINDS]), id: Type.String() }),
  outcome: Type.Enum(['allowed', 'denied']),
  reason: Type.Optional(Type.String()),
  details: Type.Optional(Type.Record(Type.String(), Type.String())),
  subjects: Type.Optional(Type.Record(Type.String(), pseudonym)),
  repeated: Type.Optional(
    Type.Object({ count: Type.Integer({ minimum: 1 }), firstAt: instant, lastAt: instant }),
  ),
  names: Type.Record(
    Type.String(),
    Type.Object({
      kind: Type.Enum(['subject', 'credential', 'address']),
      text: Type.String(),
      salt: Type.String(),
    }),
  ),
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
      200: { description: 'Entries', contentType: 'application/json', schema: listSchema(AuditEntryView) },
    },
    async handle(input) {
      const { deps, call, request, query } = input
      const { principal, action, outcome } = query
      const target = targetOf(query)
      const range = {
        ...(query.from !== undefined && { from: millisOf('from', query.from) }),
        ...(query.to !== undefined && { to: millisOf('to', query.to) }),
      }
      const filter = {
        ...(principal !== undefined && { principal }),
        ...(action !== undefined && { action }),
        ...(target !== undefined && { target }),
        ...(outcome !== undefined && { outcome }),
      }
      if (wantsLines(request)) {
        refuseFilter([...Object.keys(filter), ...Object.keys(query).filter((name) => name in PAGE_QUERY)])
        return exportLines(input, range)
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

/** JSON Lines has no registered type; these two are what is asked for. */
const wantsLines = (request: Request): boolean =>
  /\bapplication\/(?:jsonl|x-ndjson)\b/i.test(request.headers.get('accept') ?? '')

/** No more than one page is held at a time, and the next is read when the client has taken it. */
async function exportLines(
  { deps, call }: RouteInput<unknown, unknown>,
  range: TimeRange,
): Promise<Response> {
  const pages = (await deps.audit.export(call, range))[Symbol.asyncIterator]()
  const encoder = new TextEncoder()
  const body = new ReadableStream<Uint8Array>(
    {
      async pull(controller) {
        const { done, value } = await pages.next()
        if (done === true) controller.close()
        else controller.enqueue(encoder.encode(value.map((line) => `${line}\n`).join('')))
      },
      async cancel() {
        await pages.return?.()
      },
    },
    { highWaterMark: 0 },
  )
  return new Response(body, {
    headers: {
      ...API_HEADERS,
      'content-type': 'application/jsonl',
      'content-disposition': 'attachment; filename="audit.jsonl"',
      'x-request-id': call.requestId,
    },
  })
}

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
