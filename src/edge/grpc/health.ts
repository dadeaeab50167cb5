import type { ProtoCodec } from '../../a2a/proto/codec.ts'
import { HEALTH_CHECK, HEALTH_LIST, HEALTH_WATCH, type ServingStatus } from '../../a2a/proto/health.ts'
import { ParleyError } from '../../errors.ts'
import type { EdgeDeps } from '../app-deps.ts'
import { encode } from './encode.ts'
import { statusOf } from './errors.ts'
import type { GrpcCall } from './grpc-call.ts'
import { SERVICE_NAMES } from './methods.ts'
import type { Client } from './serve-connection.ts'

/**
 * The gateway's readiness in the health checking protocol of gRPC, for everybody, like that over HTTP. False when `path` is no
 * method of it, and then nothing was answered.
 */
export type Health = (path: string, call: GrpcCall, client: Client) => boolean

const WATCH_INTERVAL_MS = 1000
const MAX_WATCHERS = 1000

/** What nobody has to be known for may cost little. */
const LIMITS = { maxBytes: 1024, timeoutMs: 5000 }
const MAX_OPEN_CALLS = 100

/** The services that one may ask about; the empty name is the gateway as a whole. */
const isKnown = (service: string): boolean => service === '' || SERVICE_NAMES.has(service)

type Watcher = { readonly call: GrpcCall; readonly isKnown: boolean; told: ServingStatus | undefined }

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
      watcher.call.end(statusOfFailure(new ParleyError('unavailable', 'The gateway is stopping')))
      forget(watcher)
    }
  }
  deps.shutdown.addEventListener('abort', endAll, { once: true })

  const answerOnce = (call: GrpcCall, codec: ProtoCodec, answer: object): void => {
    const message = encode(codec, JSON.stringify(answer))
    call.sendHeaders({})
    call.write(message)
    call.end()
  }
  const METHODS: Readonly<Record<string, (call: GrpcCall) => Promise<void>>> = {
    async [HEALTH_CHECK.path](call) {
      const service = serviceOf(HEALTH_CHECK.request, await call.readMessage(LIMITS))
      if (!isKnown(service)) throw new ParleyError('not_found', 'There is no such service here')
      answerOnce(call, HEALTH_CHECK.response, { status: await serving() })
    },
    async [HEALTH_LIST.path](call) {
      await call.readMessage(LIMITS)
      const status = await serving()
      const statuses = Object.fromEntries(['', ...SERVICE_NAMES].map((service) => [service, { status }]))
      answerOnce(call, HEALTH_LIST.response, { statuses })
    },
    /** What is said changes within `WATCH_INTERVAL_MS` of the readiness. */
    async [HEALTH_WATCH.path](call) {
      const service = serviceOf(HEALTH_WATCH.request, await call.readMessage(LIMITS))
      if (watchers.size >= MAX_WATCHERS) throw new ParleyError('too_many_requests', 'Too many watch already')
      const watcher = { call, isKnown: isKnown(service), told: undefined }
      watchers.add(watcher)
      timer ??= setInterval(() => void tellAll(), WATCH_INTERVAL_MS)
      call.whenGone(() => forget(watcher))
      call.sendHeaders({})
      tell(watcher, await serving())
      if (deps.shutdown.aborted) endAll()
    },
  }

  return (path, call, client) => {
    const method = Object.hasOwn(METHODS, path) ? METHODS[path] : undefined
    if (method === undefined) return false
    if (client.openCalls >= MAX_OPEN_CALLS) {
      call.refuse(statusOfFailure(new ParleyError('too_many_requests', 'Too many calls at once')))
      return true
    }
    client.openCalls++
    call.whenOver(() => client.openCalls--)
    method(call).catch((reason: unknown) => call.refuse(statusOfFailure(reason)))
    return true
  }
}

const serviceOf = ({ decode }: ProtoCodec, message: Buffer): string =>
  (JSON.parse(decode(message)) as { readonly service: string }).service
