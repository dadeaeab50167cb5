import { readFile } from 'node:fs/promises'
import { setTimeout } from 'node:timers/promises'
import type { ScenarioCard } from './card.ts'
import type { ParleyOptions } from './options.ts'

const FIRST_RETRY_MS = 500
const CALL_TIMEOUT_MS = 10_000

/** What happened, for whoever watches. */
export type BeatReport =
  | { readonly event: 'registered'; readonly slug: string }
  | { readonly event: 'beating'; readonly agent: string }
  | { readonly event: 'beat_failed'; readonly reason: string }

export type BeatDeps = {
  readonly card: ScenarioCard
  readonly intervalMs: number
  readonly signal: AbortSignal
  readonly report: (report: BeatReport) => void
  /** Gets the agent's id when it was registered. */
  readonly registered?: (id: string) => void
}

/**
 * Registers the agent when asked to, then beats until `signal` aborts; resolves then and never rejects.
 *
 * Failures are reported and tried again, soon at first and at last once per interval. The key is read anew each time,
 * so its file may appear or change later. A registry that no longer knows the agent gets it registered again.
 */
export async function keepBeating(parley: ParleyOptions, deps: BeatDeps): Promise<void> {
  const { intervalMs, signal, report } = deps
  let registered = !parley.register
  let beating = false
  let retryMs = FIRST_RETRY_MS
  while (!signal.aborted) {
    try {
      if (!registered) {
        const { id } = await post(parley, '/agents/register', signal, {
          card: deps.card,
          slug: parley.slug,
          visibility: 'tenant',
        })
        deps.registered?.(String(id))
        registered = true
        report({ event: 'registered', slug: parley.slug })
      }
      await post(parley, `/agents/${encodeURIComponent(parley.agent)}/heartbeat`, signal)
      if (!beating) report({ event: 'beating', agent: parley.agent })
      beating = true
      retryMs = FIRST_RETRY_MS
    } catch (reason) {
      if (signal.aborted) return
      beating = false
      if (reason instanceof CallError && reason.status === 404) registered = !parley.register
      report({ event: 'beat_failed', reason: describe(reason) })
      retryMs *= 2
    }
    await setTimeout(beating ? intervalMs : Math.min(retryMs, intervalMs), undefined, { signal }).catch(
      () => {
        // Aborted: the loop's condition ends it.
      },
    )
  }
}

class CallError extends Error {
  override readonly name = 'CallError'
  readonly status: number

  constructor(path: string, status: number) {
    super(`${path} answered ${status}.`)
    this.status = status
  }
}

async function post(
  parley: ParleyOptions,
  path: string,
  signal: AbortSignal,
  body?: unknown,
): Promise<Readonly<Record<string, unknown>>> {
  const key = parley.keyFile === undefined ? undefined : (await readFile(parley.keyFile, 'utf8')).trim()
  const response = await fetch(`${parley.url}${path}`, {
    method: 'POST',
    headers: {
      ...(key === undefined ? {} : { authorization: `Bearer ${key}` }),
      ...(body === undefined ? {} : { 'content-type': 'application/json' }),
    },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    signal: AbortSignal.any([signal, AbortSignal.timeout(CALL_TIMEOUT_MS)]),
  })
  const text = await response.text()
  if (!response.ok) throw new CallError(path, response.status)
  return text === '' ? {} : JSON.parse(text)
}

function describe(reason: unknown): string {
  if (!(reason instanceof Error)) return String(reason)
  return reason.cause instanceof Error ? `${reason.message}: ${reason.cause.message}` : reason.message
}
