import type { sendUnaryData } from '@grpc/grpc-js'
import { HEALTH_CHECK, HEALTH_LIST, HEALTH_WATCH, type ServingStatus } from '../../a2a/proto/health.ts'
import { ParleyError } from '../../errors.ts'
import type { EdgeDeps } from '../http/app-deps.ts'
import { encode } from './encode.ts'
import { statusOf } from './errors.ts'
import type { StreamCall, UnaryCall } from './grpc-exchange.ts'
import { SERVICE_NAMES } from './methods.ts'

/** The gateway's readiness in the health checking protocol of gRPC, for everybody, like that over HTTP. */
export type Health = {
  readonly check: (call: UnaryCall, respond: sendUnaryData<Buffer>) => Promise<void>
  readonly list: (call: UnaryCall, respond: sendUnaryData<Buffer>) => Promise<void>
  /** What is said changes within `WATCH_INTERVAL_MS` of the readiness. */
  readonly watch: (call: StreamCall) => Promise<void>
}

const WATCH_INTERVAL_MS = 1000
const MAX_WATCHERS = 1000

/** The services that one may ask about; the empty name is the gateway as a whole. */
const isKnown = (service: string): boolean => service === '' || SERVICE_NAMES.has(service)

type Watcher = { readonly call: StreamCall; readonly isKnown: boolean; told: ServingStatus | undefined }

export function createHealth(deps: Pick<EdgeDeps, 'isReady' | 'shutdown' | 'newId'>): Health {
  const watchers = new Set<Watcher>()
  let timer: NodeJS.Timeout | undefined

  const serving = async (): Promise<ServingStatus> =>
    !deps.shutdown.aborted && (await deps.isReady().catch(() => false)) ? 'SERVING' : 'NOT_SERVING'
  const statusOfFailure = (reason: unknown) => statusOf(ParleyError.from(reason), deps.newId(), '1.0')

  const tell = (watcher: Watcher, current: ServingStatus): void => {
    const status = watcher.isKnown ? current : 'SERVICE_UNKNOWN'
    if (status === watcher.told) return
    watcher.told = status
    watcher.call.write(encode(HEALTH_WATCH.response, JSON.stringify({ status })))
  }
  const tellAll = async (): Promise<void> => {
    const current = await serving()
    for (const watcher of watchers) tell(watcher, current)
  }
  const forget = (watcher: Watcher): void => {
    watchers.delete(watcher)
    if (watchers.size > 0) return
    clearInterval(timer)
    timer = undefined
  }
  const endAll = (): void => {
    for (const watcher of [...watchers]) {
      tell(watcher, 'NOT_SERVING')
      watcher.call.emit('error', statusOfFailure(new ParleyError('unavailable', 'The gateway is stopping')))
    }
  }
  deps.shutdown.addEventListener('abort', endAll, { once: true })

  return {
    async check(call, respond) {
      try {
        const service = serviceOf(HEALTH_CHECK.request.decode(call.request.take()))
        if (!isKnown(service)) throw new ParleyError('not_found', 'There is no such service here')
        respond(null, encode(HEALTH_CHECK.response, JSON.stringify({ status: await serving() })))
      } catch (reason) {
        respond(statusOfFailure(reason))
      }
    },
    async list(_call, respond) {
      try {
        const status = await serving()
        const statuses = Object.fromEntries(['', ...SERVICE_NAMES].map((service) => [service, { status }]))
        respond(null, encode(HEALTH_LIST.response, JSON.stringify({ statuses })))
      } catch (reason) {
        respond(statusOfFailure(reason))
      }
    },
    async watch(call) {
      try {
        const service = serviceOf(HEALTH_WATCH.request.decode(call.request.take()))
        if (watchers.size >= MAX_WATCHERS)
          throw new ParleyError('too_many_requests', 'Too many watch already')
        const watcher = { call, isKnown: isKnown(service), told: undefined }
        call.once('cancelled', () => forget(watcher))
        if (call.cancelled) return
        watchers.add(watcher)
        timer ??= setInterval(() => void tellAll(), WATCH_INTERVAL_MS)
        tell(watcher, await serving())
        if (deps.shutdown.aborted) endAll()
      } catch (reason) {
        call.emit('error', statusOfFailure(reason))
      }
    },
  }
}

const serviceOf = (request: string): string => (JSON.parse(request) as { readonly service: string }).service
