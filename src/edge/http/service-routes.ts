import { renderDocs } from './docs-page.ts'
import { Health, healthResponse } from './health.ts'
import { jsonResponse } from './json-response.ts'
import { LANDING_PAGE } from './landing-page.ts'
import { metricsResponse } from './metrics-response.ts'
import { openApiDocument } from './openapi.ts'
import { pageResponse } from './page.ts'
import { defineRoute, NO_QUERY, type Route } from './route.ts'

const health = (description: string) => ({ description, contentType: 'application/json', schema: Health })

const alive = (path: string, summary: string): Route =>
  defineRoute({
    method: 'GET',
    path,
    scope: 'none',
    summary,
    query: NO_QUERY,
    responses: { 200: health('The process answers') },
    handle: async ({ call }) => healthResponse(true, call.requestId),
  })

/**
 * Routes about the gateway itself. `describe` answers the table of all routes, which holds these too.
 */
export const serviceRoutes = (describe: () => readonly Route[]): readonly Route[] => [
  defineRoute({
    method: 'GET',
    path: '/',
    scope: 'none',
    summary: 'A page that says what this is',
    query: NO_QUERY,
    responses: { 200: { description: 'The page', contentType: 'text/html' } },
    handle: async ({ call }) => pageResponse(LANDING_PAGE, call.requestId),
  }),
  alive('/healthz', 'Does the process answer?'),
  alive('/livez', 'Does the process answer?'),
  defineRoute({
    method: 'GET',
    path: '/readyz',
    scope: 'none',
    summary: 'May traffic be sent here? Not before everything is open, and not once a stop was asked for',
    query: NO_QUERY,
    responses: { 200: health('Ready'), 503: health('Not ready') },
    handle: async ({ deps, call }) =>
      healthResponse((await deps.isReady()) && !deps.shutdown.aborted, call.requestId),
  }),
  defineRoute({
    method: 'GET',
    path: '/metrics',
    scope: 'metrics:read',
    isTenantWide: true,
    summary: 'Metrics in Prometheus text format',
    query: NO_QUERY,
    responses: { 200: { description: 'Metrics', contentType: 'text/plain' } },
    handle: async ({ deps, call }) => metricsResponse(await deps.scrape(), call.requestId),
  }),
  defineRoute({
    method: 'GET',
    path: '/openapi.json',
    scope: 'none',
    summary: 'This API, as OpenAPI 3.1',
    query: NO_QUERY,
    responses: { 200: { description: 'The description', contentType: 'application/json' } },
    handle: async ({ deps, call }) =>
      jsonResponse(JSON.stringify(openApiDocument(describe(), deps.version)), call.requestId),
  }),
  defineRoute({
    method: 'GET',
    path: '/docs',
    scope: 'none',
    summary: 'This API, as a page',
    query: NO_QUERY,
    responses: { 200: { description: 'The page', contentType: 'text/html' } },
    handle: async ({ deps, call }) =>
      pageResponse(renderDocs(openApiDocument(describe(), deps.version)), call.requestId),
  }),
]
