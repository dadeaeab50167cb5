import { Hono } from 'hono'
import { ParleyError } from '../../errors.ts'
import { healthResponse } from './health.ts'
import { metricsResponse } from './metrics-response.ts'
import { problemResponse } from './problem.ts'

export type OpsDeps = {
  readonly isReady: () => Promise<boolean>
  /** The metrics, shown to whoever asks; absent where others than operators reach the port. */
  readonly scrape?: () => Promise<string>
}

/** What a process tells about itself where no credential is asked for: an operators' port, or a process that takes no calls. */
export function createOpsApp({ isReady, scrape }: OpsDeps): Hono {
  const app = new Hono()
  for (const path of ['/healthz', '/livez']) app.get(path, () => healthResponse(true))
  app.get('/readyz', async () => healthResponse(await isReady()))
  if (scrape !== undefined) app.get('/metrics', async () => metricsResponse(await scrape()))
  app.notFound(() => problemResponse(new ParleyError('not_found', 'There is nothing at this path'), ''))
  app.onError((reason) => problemResponse(ParleyError.from(reason), ''))
  return app
}
