import { type AgentInterface, isCallable } from '../a2a/agent-card.ts'
import { type Agent, cardOf } from '../registry/agent.ts'
import type { AgentHealth, Check } from '../registry/health/agent-health.ts'
import { heartbeatDueAt } from '../registry/health/current-health.ts'

/** What is known when it is decided how an agent is looked at. */
export type Known = {
  readonly agent: Agent
  /** `undefined` when it was never looked at. */
  readonly health: AgentHealth | undefined
  /** How often interfaces are asked, in milliseconds; 0 for never. */
  readonly intervalMs: number
  /** When the card is to be looked at; `undefined` for never. */
  readonly cardDueAt: number | undefined
}

export type Plan = {
  readonly interfaces: readonly AgentInterface[]
  readonly card: boolean
  readonly task: boolean
  /** Heartbeats are missing, and that is not written down yet. */
  readonly heartbeat: boolean
}

/** Of a card's interfaces, no more than these are looked at. */
const MAX_INTERFACES = 5

/** An agent that is down is asked again after a part of the time that it was, so that it is not asked in vain for ever. */
const BACKOFF = 4
const MAX_BACKOFF_MS = 600_000

/** While a change of state is not certain yet, nobody waits longer than a part of the usual, nor is the agent pressed. */
const SOONER = 4
const MIN_SOONER_MS = 1000

/** Pauses are longer or shorter by up to this part of them, so that agents that began together do not stay together. */
const JITTER = 0.1

/** Agents that nothing is to be seen of are thought of again after this long: they may have begun to beat. */
const IDLE_MS = 300_000

/** Whatever is due at once was just done, or is about to be put on the queue. */
const MIN_PAUSE_MS = 100

/** What an agent is to be asked now: what is due and, once somebody asked for it, what was not seen since then. */
export function planProbe(known: Known, now: number, askedAt: number | undefined): Plan {
  const { agent, health, cardDueAt } = known
  if (agent.lifecycle === 'disabled') return { interfaces: [], card: false, task: false, heartbeat: false }
  const missingAt = missingBeatAt(known)
  const isDue = (pause: Pause | undefined) =>
    pause !== undefined && now >= pause.from + pause.ms * (1 - JITTER)
  const isUnseen = (last: Check | undefined) =>
    askedAt !== undefined && !(last !== undefined && last.at >= askedAt && last.at <= now)
  const isLookedAt = isUnseen(lastOf(health, 'interface'))
  return {
    interfaces: isLookedAt || isDue(interfacePause(known, now)) ? interfacesOf(agent) : [],
    card: cardDueAt !== undefined && (isLookedAt || now >= cardDueAt),
    task: agent.probe !== undefined && (isUnseen(lastOf(health, 'task')) || isDue(taskPause(known))),
    heartbeat: missingAt !== undefined && now >= missingAt,
  }
}

/** When an agent is to be thought of again. `random` is from 0 up to 1. */
export function nextProbeAt(known: Known, now: number, random: number): number {
  const times = known.agent.lifecycle === 'disabled' ? [] : dueTimes(known, now, random)
  return Math.max(
    now + MIN_PAUSE_MS,
    Math.min(now + MAX_BACKOFF_MS, ...(times.length > 0 ? times : [now + IDLE_MS])),
  )
}

function dueTimes(known: Known, now: number, random: number): readonly number[] {
  const pauses = [interfacePause(known, now), taskPause(known)]
  const jittered = pauses.map((pause) => pause && pause.from + pause.ms * (1 - JITTER + 2 * JITTER * random))
  return [...jittered, known.cardDueAt, missingBeatAt(known)].filter((at) => at !== undefined).map(Math.ceil)
}

/**
 * The interfaces that are looked at: those that we can call, in the publisher's order. Of several at one URL it is the
 * first, which is the one that messages go to.
 */
export function interfacesOf(agent: Agent): readonly AgentInterface[] {
  const byUrl = new Map<string, AgentInterface>()
  for (const via of cardOf(agent).supportedInterfaces) {
    if (isCallable(via) && !byUrl.has(via.url)) byUrl.set(via.url, via)
  }
  return [...byUrl.values()].slice(0, MAX_INTERFACES)
}

/** From when on to wait, and how long. */
type Pause = { readonly from: number; readonly ms: number }

function interfacePause({ agent, health, intervalMs }: Known, now: number): Pause | undefined {
  if (intervalMs === 0) return undefined
  const looks = interfacesOf(agent).map(
    (via) => lastOf(health, 'interface', via.url)?.at ?? Number.NEGATIVE_INFINITY,
  )
  const from = Math.min(...looks)
  const isChanged = agent.updatedAt > from && agent.updatedAt <= now
  if (health === undefined || from === Number.NEGATIVE_INFINITY || isChanged) return { from: 0, ms: 0 }
  if (health.streak !== 0) return { from, ms: sooner(intervalMs) }
  const downMs = health.state === 'down' ? from - health.since : 0
  return { from, ms: Math.max(intervalMs, Math.min(downMs / BACKOFF, MAX_BACKOFF_MS)) }
}

function taskPause({ agent: { probe }, health, intervalMs }: Known): Pause | undefined {
  if (probe === undefined || intervalMs === 0) return undefined
  const last = lastOf(health, 'task')
  if (health === undefined || last === undefined) return { from: 0, ms: 0 }
  const isUncertain = health.streak !== 0 && last.outcome !== 'ok'
  return { from: last.at, ms: isUncertain ? sooner(probe.everyMs) : probe.everyMs }
}

const sooner = (ms: number): number => Math.min(ms, Math.max(ms / SOONER, MIN_SOONER_MS))

/** When heartbeats are missing that nobody has missed yet. */
function missingBeatAt({ agent, health }: Known): number | undefined {
  const dueAt = heartbeatDueAt(agent)
  const last = lastOf(health, 'heartbeat')
  const isKnown = dueAt !== undefined && last?.outcome === 'missing' && last.at >= dueAt
  return isKnown ? undefined : dueAt
}

/** The newest of a kind, whatever its URL unless that is named. */
const lastOf = (health: AgentHealth | undefined, kind: Check['kind'], url?: string): Check | undefined =>
  health?.checks
    .filter((check) => check.kind === kind && (url === undefined || check.url === url))
    .toSorted((one, other) => one.at - other.at)
    .at(-1)
