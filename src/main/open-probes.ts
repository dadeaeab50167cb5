import { newUuid } from '../a2a/ids.ts'
import type { Config } from '../config/config.ts'
import type { AgentClient } from '../delivery/agent-client.ts'
import { createDeliveryNotes, type DeliveryNotes } from '../probes/note-deliveries.ts'
import type { CardProbe } from '../probes/run-probe.ts'
import { startProbes } from '../probes/start-probes.ts'
import type { Health } from '../registry/health/health.ts'
import type { Registry } from '../registry/registry.ts'
import type { Backend } from '../storage/backend.ts'
import type { Events } from '../telemetry/events.ts'
import { judgeFailure } from '../upstream/judge-failure.ts'
import { createProber } from '../upstream/probe-agent.ts'

export type OpenProbesDeps = {
  readonly config: Pick<Config, 'probeIntervalMs' | 'probeTimeoutMs'>
  readonly backend: Pick<Backend, 'work'>
  readonly registry: Registry
  readonly health: Health
  readonly client: AgentClient
  /** Without them, cards are not looked at. */
  readonly cards?: CardProbe
  readonly events: Events
  readonly now: () => number
}

/** `wake`: somebody waits for a look. */
export type OpenProbes = DeliveryNotes & { readonly wake: () => void }

/** Looks after agents in this process, and takes note of what deliveries show of them. Disposing writes the notes down. */
export function openProbes({ config, backend, client, ...rooms }: OpenProbesDeps): OpenProbes {
  const { work: queue } = backend
  const probes = startProbes({
    ...rooms,
    queue,
    prober: createProber({
      client,
      now: rooms.now,
      monotonicMs: () => performance.now(),
      newId: newUuid,
      timeoutMs: config.probeTimeoutMs,
    }),
    newId: newUuid,
    random: Math.random,
    intervalMs: config.probeIntervalMs,
  })
  const notes = createDeliveryNotes({ ...rooms, queue, judge: judgeFailure })
  return {
    note: notes.note,
    wake: probes.wake,
    async [Symbol.asyncDispose]() {
      await Promise.all([probes[Symbol.asyncDispose](), notes[Symbol.asyncDispose]()])
    },
  }
}
