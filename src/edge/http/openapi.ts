import type { TObject, TSchema } from 'typebox'
import Type from 'typebox'
import { AgentCard } from '../../a2a/agent-card.ts'
import { Message, Part } from '../../a2a/message.ts'
import { Artifact, Task, TaskStatus } from '../../a2a/task.ts'
import { CredentialBody } from '../../access/credentials/read-secret.ts'
import { NewGrantBody } from '../../access/new-grant.ts'
import { NewKeyBody, RotationBody } from '../../access/new-key.ts'
import { ERROR_CODES } from '../../errors.ts'
import { CardVerdict } from '../../registry/card-verdict.ts'
import { CatalogEntry } from '../../registry/catalog/catalog-entry.ts'
import { CloudEvent } from '../../registry/changes/cloud-event.ts'
import { GrantView } from '../../registry/grant-view.ts'
import { AgentView, RegistrationBody } from '../../registry/views.ts'
import { ArdError, isArdPath } from './ard-error.ts'
import { ContextView, HistoryView } from './context-routes.ts'
import { CredentialsView, CredentialView } from './credential-routes.ts'
import { KeyView } from './key-view.ts'
import type { Route, RouteResponse } from './route.ts'
import { TaskEventView } from './task-routes.ts'

/** RFC 9457, as `problemOf` makes it. */
const Problem = Type.Object({
  type: Type.String({ format: 'uri' }),
  title: Type.String(),
  status: Type.Integer(),
  detail: Type.String(),
  instance: Type.String({ description: "The request's id." }),
  code: Type.Enum([...ERROR_CODES]),
  details: Type.Optional(Type.Record(Type.String(), Type.String())),
  errors: Type.Optional(
    Type.Array(
      Type.Object({
        pointer: Type.String({ description: 'JSON pointer into what was sent.' }),
        code: Type.String(),
        detail: Type.String(),
        hint: Type.Optional(Type.String()),
      }),
    ),
  ),
})

/** Schemas that are described once and referred to. */
const NAMED: Readonly<Record<string, TSchema>> = {
  Agent: AgentView,
  AgentCard,
  ArdError,
  Artifact,
  CatalogEntry,
  CardVerdict,
  CloudEvent,
  Context: ContextView,
  Grant: GrantView,
  Credential: CredentialView,
  Credentials: CredentialsView,
  NewCredential: CredentialBody,
  HistoryEntry: HistoryView,
  Key: KeyView,
  Message,
  NewGrant: NewGrantBody,
  NewKey: NewKeyBody,
  Part,
  Problem,
  Registration: RegistrationBody,
  Rotation: RotationBody,
  Task,
  TaskEvent: TaskEventView,
  TaskStatus,
}

const NAMES = new Map<unknown, string>(Object.entries(NAMED).map(([name, schema]) => [schema, name]))

export type OpenApiOperation = {
  readonly operationId: string
  readonly summary: string
  readonly description: string
  readonly security: readonly object[]
  readonly parameters: readonly OpenApiParameter[]
  readonly requestBody?: object
  readonly responses: Readonly<Record<string, object>>
}

export type OpenApiParameter = {
  readonly name: string
  readonly in: 'path' | 'query'
  readonly required: boolean
  readonly description?: string
  readonly schema: unknown
}

export type OpenApiDocument = {
  readonly openapi: '3.1.0'
  readonly info: { readonly title: string; readonly version: string; readonly description: string }
  readonly paths: Readonly<Record<string, Readonly<Record<string, OpenApiOperation>>>>
  readonly components: object
}

/** The native API as OpenAPI 3.1, from the table that serves it. */
export function openApiDocument(routes: readonly Route[], version: string): OpenApiDocument {
  const paths: Record<string, Record<string, OpenApiOperation>> = {}
  for (const route of routes) {
    const path = paths[route.path] ?? {}
    path[route.method.toLowerCase()] = operation(route)
    paths[route.path] = path
  }
  return {
    openapi: '3.1.0',
    info: {
      title: 'Parley',
      version,
      description: 'The native API of the gateway. A2A itself is served at /a2a/{agent}.',
    },
    paths,
    components: {
      securitySchemes: {
        bearer: { type: 'http', scheme: 'bearer' },
        apiKey: { type: 'apiKey', in: 'header', name: 'X-API-Key' },
      },
      schemas: Object.fromEntries(
        Object.entries(NAMED).map(([name, schema]) => [name, membersReferred(schema)]),
      ),
    },
  }
}

function operation(route: Route): OpenApiOperation {
  const open = route.scope === 'none'
  return {
    operationId: `${route.method.toLowerCase()}${route.path.replace(/[^A-Za-z0-9]+(\w?)/g, (_, c: string) => c.toUpperCase())}`,
    summary: route.summary,
    description: open ? 'Needs no credential.' : `Scope: \`${route.scope}\`.`,
    security: open ? [] : [{ bearer: [] }, { apiKey: [] }],
    parameters: [...pathParameters(route.path), ...queryParameters(route.query)],
    ...(route.body !== undefined && {
      requestBody: {
        required: route.isBodyOptional !== true,
        content: { 'application/json': { schema: referred(route.body) } },
      },
    }),
    responses: {
      ...Object.fromEntries(Object.entries(route.responses).map(([status, r]) => [status, response(r)])),
      default: {
        description: 'What went wrong',
        content: isArdPath(route.path)
          ? { 'application/json': { schema: referred(ArdError) } }
          : { 'application/problem+json': { schema: referred(Problem) } },
      },
    },
  }
}

const pathParameters = (path: string): OpenApiParameter[] =>
  [...path.matchAll(/\{(\w+)\}/g)].map(([, name]) => ({
    name: name ?? '',
    in: 'path',
    required: true,
    schema: { type: 'string' },
  }))

const queryParameters = (query: TObject): OpenApiParameter[] =>
  Object.entries(query.properties).map(([name, schema]) => ({
    name,
    in: 'query',
    required: false,
    ...('description' in schema && { description: String(schema.description) }),
    schema: referred(schema),
  }))

const response = ({ description, contentType, schema }: RouteResponse): object => ({
  description,
  ...(contentType !== undefined && {
    content: { [contentType]: schema === undefined ? {} : { schema: referred(schema) } },
  }),
})

/** The schema with every named one inside it replaced by a reference. */
function referred(schema: unknown): unknown {
  const name = NAMES.get(schema)
  return name === undefined ? membersReferred(schema) : { $ref: `#/components/schemas/${name}` }
}

function membersReferred(schema: unknown): unknown {
  if (Array.isArray(schema)) return schema.map(referred)
  if (typeof schema !== 'object' || schema === null) return schema
  return Object.fromEntries(Object.entries(schema).map(([key, value]) => [key, referred(value)]))
}
