import { Hono } from 'hono'

/** For a port that only operators reach: the metrics, without a credential. */
export function createOpsApp(scrape: () => Promise<string>): Hono {
  const app = new Hono()
  app.get('/metrics', async () => metricsResponse(await scrape()))
  return app
}

export const metricsResponse = (text: string, requestId?: string): Response =>
  new Response(text, {
    headers: {
      'content-type': 'text/plain; version=0.0.4; charset=utf-8',
      'cache-control': 'no-store',
      'x-content-type-options': 'nosniff',
      ...(requestId !== undefined && { 'x-request-id': requestId }),
    },
  })
