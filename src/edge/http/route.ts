import type { Static, TObject, TSchema } from 'typebox'
import Type from 'typebox'
import { check } from '../../a2a/wire.ts'
import type { Call, Scope } from '../../access/principal.ts'
import type { EdgeDeps } from '../app-deps.ts'
import type { EdgeRequest } from '../exchange.ts'

/** What a handler is given: path, query and body are checked already. */
export type RouteInput<Query, Body> = {
  readonly deps: EdgeDeps
  readonly call: Call
  readonly request: Request
  /** The same request, as the parts read it that every protocol shares. */
  readonly exchange: EdgeRequest
  readonly params: Readonly<Record<string, string>>
  readonly query: Query
  readonly body: Body
}

/** The text is the body as sent. */
export type BodyText = { readonly text: string }

export type RouteResponse = {
  readonly description: string
  /** Absent when there is no body. */
  readonly contentType?: string
  /** Shape of a JSON body. */
  readonly schema?: TSchema
}

/** An answer in JSON of this shape. */
export const json = (description: string, schema: TSchema): RouteResponse => ({
  description,
  contentType: 'application/json',
  schema,
})

/** One route of the native API. The table of these is what is mounted, guarded and described. */
export type Route = {
  readonly method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE'
  /** In OpenAPI form: `/agents/{id}`. */
  readonly path: string
  /** What the principal must hold; `none` needs no credential at all. */
  readonly scope: Scope | 'none'
  /** It is about more than agents: refused to credentials that are limited to some. */
  readonly isTenantWide?: boolean
  readonly summary: string
  readonly query: TObject
  /** Shape of the JSON body; the handler gets its text and decides. */
  readonly body?: TSchema
  /** No body at all will do, too; the handler then gets empty text. */
  readonly isBodyOptional?: boolean
  readonly responses: Readonly<Record<number, RouteResponse>>
  readonly handle: (input: RouteInput<unknown, BodyText>) => Promise<Response>
}

type RouteSpec<Q extends TObject> = Omit<Route, 'query' | 'handle'> & {
  readonly query: Q
  readonly handle: (input: RouteInput<Static<Q>, BodyText>) => Promise<Response>
}

/** For routes that take no query parameters. */
export const NO_QUERY = Type.Object({})

/** Ties a handler to the query its route declares. */
export function defineRoute<Q extends TObject>(spec: RouteSpec<Q>): Route {
  const query = check(spec.query)
  return { ...spec, handle: (input) => spec.handle({ ...input, query: query.parse(input.query) }) }
}
