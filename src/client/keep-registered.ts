import {
  type CallOptions,
  CallRefused,
  createRegistryCalls,
  type RegisteredAgent,
  type Registration,
  type RegistryCalls,
  type Report,
} from './registry-calls.ts'

export type {
  CardSource,
  RegisteredAgent,
  Registration,
  RegistrationOptions,
  Report,
} from './registry-calls.ts'
export { CallRefused } from './registry-calls.ts'

export type KeepRegisteredOptions = CallOptions &
  Registration & {
    /** How the agent is, asked before each heartbeat; all is well when absent. */
    readonly status?: () => Report | Promise<Report>
    /** Ends the heartbeats, and the first registration if that still goes on. Disposing does so too. */
    readonly signal?: AbortSignal
    /** Told of every failure; all of them are tried again. */
    readonly onError?: (error: unknown) => void
    /** Whether disposing removes the agent from the registry; true when absent. */
    readonly unregister?: boolean
  }

/** An agent that is registered and beats. Disposing ends that, and removes it from the registry unless it is to stay. */
export interface KeptAgent extends AsyncDisposable {
  /** As it was last registered: it has another id once it was removed meanwhile. */
  readonly agent: RegisteredAgent
}

const FIRST_RETRY_MS = 500
const MAX_RETRY_MS = 30_000
/** Heartbeats come this much earlier at most, so that those of many agents spread. */
const MOST_EARLY = 0.1

const UNTELLABLE: Report = { status: 'degraded', reason: 'The agent could not say how it is' }

/**
 * Registers an agent, and beats for it as often as the gateway says until it is disposed of. Failures are tried again,
 * ever less often; an agent that the gateway no longer knows is registered anew.
 *
 * Resolves once the agent is registered. Rejects with `CallRefused` where trying again is of no use, such as for a card
 * that is not valid or a key that may not register, with a `TypeError` where that can be told beforehand, and with the
 * signal's reason.
 */
export async function keepRegistered(options: KeepRegisteredOptions): Promise<KeptAgent> {
  const { url, key, status, signal, onError = () => {}, unregister = true, ...registration } = options
  const calls = createRegistryCalls({ url, key })
  const ended = new AbortController()
  const until = signal === undefined ? ended.signal : AbortSignal.any([signal, ended.signal])

  let agent = await firstRegistration(calls, registration, onError, until)

  const reportOf = async (): Promise<Report | undefined> => {
    try {
      return await unlessAborted(status?.(), until)
    } catch (error) {
      if (!until.aborted) onError(error)
      return UNTELLABLE
    }
  }

  /**
   * One heartbeat, registering anew first where there is no such agent any more. Answers with how long to wait for the
   * next.
   */
  const beat = async (): Promise<number> => {
    const report = await reportOf()
    try {
      return await calls.beat(agent.id, report, until)
    } catch (error) {
      if (!(error instanceof CallRefused && error.status === 404)) throw error
      agent = await calls.register(registration, until)
      return calls.beat(agent.id, report, until)
    }
  }

  const beats = (async () => {
    for (let failures = 0; !until.aborted; ) {
      try {
        const intervalMs = await beat()
        failures = 0
        await pause(intervalMs * (1 - MOST_EARLY * chance()), until)
      } catch (error) {
        if (until.aborted) return
        onError(error)
        await pause(retryMs(error, failures++, agent.heartbeatIntervalMs), until)
      }
    }
  })()

  return {
    get agent() {
      return agent
    },
    async [Symbol.asyncDispose]() {
      ended.abort()
      await beats
      if (unregister) await calls.unregister(agent.id).catch(onError)
    },
  }
}

async function firstRegistration(
  calls: RegistryCalls,
  registration: Registration,
  onError: (error: unknown) => void,
  until: AbortSignal,
): Promise<RegisteredAgent> {
  for (let failures = 0; ; failures++) {
    try {
      return await calls.register(registration, until)
    } catch (error) {
      until.throwIfAborted()
      if (error instanceof CallRefused && isFinal(error.status)) throw error
      onError(error)
      await pause(retryMs(error, failures, MAX_RETRY_MS), until)
      until.throwIfAborted()
    }
  }
}

/** Whether the same call would be refused again. */
const isFinal = (status: number): boolean => status >= 400 && status < 500 && status !== 408 && status !== 429

/**
 * How long to wait after a failure that `failures` others went before: up to twice as long each time, and as the
 * gateway asks.
 */
function retryMs(error: unknown, failures: number, mostMs: number): number {
  const wantedMs = error instanceof CallRefused ? (error.retryAfterMs ?? 0) : 0
  const backoffMs = Math.min(FIRST_RETRY_MS * 2 ** failures, mostMs, MAX_RETRY_MS)
  return Math.min(Math.max(wantedMs, backoffMs * (1 - chance() / 2)), MAX_RETRY_MS)
}

/** From 0 to 1. */
const chance = (): number => (crypto.getRandomValues(new Uint32Array(1))[0] ?? 0) / 2 ** 32

/** Waits no longer than until the signal aborts, and rejects with its reason then. */
const unlessAborted = <T>(wait: T | Promise<T>, signal: AbortSignal): Promise<T> =>
  new Promise((resolve, reject) => {
    const abort = () => reject(signal.reason)
    signal.addEventListener('abort', abort)
    Promise.resolve(wait)
      .then(resolve, reject)
      .finally(() => signal.removeEventListener('abort', abort))
  })

/** Resolves after a time, or when the signal aborts. */
const pause = (ms: number, signal: AbortSignal): Promise<void> =>
  new Promise((resolve) => {
    if (signal.aborted) return resolve()
    const done = () => {
      clearTimeout(timer)
      signal.removeEventListener('abort', done)
      resolve()
    }
    const timer = setTimeout(done, ms)
    signal.addEventListener('abort', done)
  })
