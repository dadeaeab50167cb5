import { isObject, type JsonObject } from '../../a2a/json-object.ts'
import { objectText, textOf, withMembers } from '../../a2a/json-text.ts'
import { parseJson, type Wire } from '../../a2a/wire.ts'
import { ParleyError, type Violation } from '../../errors.ts'
import type { EdgeRequest } from '../exchange.ts'
import { queryValue, READABLE } from '../http/parse-query.ts'
import { requireJsonType } from '../http/read-body.ts'
import type { FoundRoute } from './routes.ts'

/** How the text of a query parameter is read; every other one is text. */
const QUERY_TYPES: Readonly<Record<string, 'integer' | 'boolean'>> = {
  historyLength: 'integer',
  history_length: 'integer',
  pageSize: 'integer',
  includeArtifacts: 'boolean',
}

/**
 * The request that path, query and body make together, in the route's dialect; what the path says counts. Throws
 * `invalid_params` naming every query parameter that cannot be read.
 */
export async function decode(
  { route, names, tenant }: FoundRoute,
  request: EdgeRequest,
  maxBytes: number,
): Promise<Wire<unknown>> {
  const body = request.method === 'POST' ? await readObject(request, maxBytes) : EMPTY
  const fromBody =
    route.bodyAs === undefined || Object.hasOwn(body.value, route.bodyAs)
      ? body.text
      : objectText([[route.bodyAs, body.text]])
  const members = {
    ...queryMembers(request.url, route.query ?? []),
    ...(route.members?.(names) ?? names),
    ...(tenant !== undefined && { tenant: oneTenant(tenant, body.value) }),
  }
  const texts = Object.entries(members).map(([name, value]) => [name, textOf(value)])
  if (texts.length === 0 && fromBody === body.text) return body
  const text = withMembers(fromBody, Object.fromEntries(texts))
  return { value: parseJson(text), text }
}

const EMPTY: Wire<JsonObject> = { value: {}, text: '{}' }

/** A body may be left out where the path says everything; clients then still declare a type, or do not. */
async function readObject(request: EdgeRequest, maxBytes: number): Promise<Wire<JsonObject>> {
  const isDeclared = request.header('content-type') !== undefined
  if (isDeclared) requireJsonType(request)
  const text = (await request.readBody(maxBytes)).trim()
  if (text === '' || text === 'null') return EMPTY
  if (!isDeclared) requireJsonType(request)
  const value = parseJson(text)
  if (isObject(value)) return { value, text }
  throw new ParleyError('invalid_params', 'The body must be a JSON object')
}

function queryMembers(url: string, names: readonly string[]): Readonly<Record<string, unknown>> {
  const start = url.indexOf('?')
  if (start < 0 || names.length === 0) return {}
  const given = new URLSearchParams(url.slice(start))
  const members: Record<string, unknown> = {}
  const violations: Violation[] = []
  for (const name of names) {
    const [text, ...more] = given.getAll(name)
    if (text === undefined) continue
    const type = QUERY_TYPES[name] ?? 'text'
    const value = more.length > 0 ? undefined : queryValue(text, type)
    if (value !== undefined) members[name] = value
    else {
      const message = `must be ${READABLE[type] ?? type}, once`
      violations.push({ pointer: `/${name}`, code: 'type', message })
    }
  }
  const [first] = violations
  if (first === undefined) return members
  throw new ParleyError('invalid_params', `${first.pointer} ${first.message}`, { violations })
}

/** A tenant in the path is the body's too, if that names one. */
function oneTenant(inPath: string, body: JsonObject): string {
  if (!body.tenant || body.tenant === inPath) return inPath
  throw new ParleyError('invalid_params', '/tenant is another than in the path', {
    violations: [{ pointer: '/tenant', code: 'mismatch', message: 'is another than in the path' }],
  })
}
