import { isLoopbackHost } from '../config/addresses.ts'
import type { Config } from '../config/config.ts'
import type { Secrets } from '../config/secrets.ts'
import type { AppDeps } from '../edge/app-deps.ts'
import { createEdge } from '../edge/http/edge.ts'
import { createOpsApp } from '../edge/http/ops-app.ts'
import { listen } from '../edge/http/server.ts'
import { checkTls, type TlsMaterial } from '../edge/tls.ts'
import type { PublicAddresses } from '../registry/public-addresses.ts'

/** Calls under way get this long to end when the process stops. */
const STOP_GRACE_MS = 5000

/** Where the gateway is reached. Disposing closes every port. */
export interface Listeners extends AsyncDisposable {
  readonly url: string
  /** `host:port` of each gRPC listener. */
  readonly grpc: readonly string[]
  readonly addresses: PublicAddresses
  /** As those of each listener. */
  readonly renewTls: (material: TlsMaterial) => void
}

/** Whether a listener takes calls over TLS only: its own, or that of a trusted proxy. */
export const demandsTls = ({ edge }: Config, host: string): boolean =>
  !edge.allowPlaintext && !isLoopbackHost(host)

/** Opens the ports that the role has. Rejects, with all of them closed again, when one cannot be bound. */
export async function openListeners(config: Config, { tls }: Secrets, deps: AppDeps): Promise<Listeners> {
  await using opened = new AsyncDisposableStack()
  const closings: (() => Promise<void>)[] = []
  opened.defer(async () => {
    await Promise.all(closings.map((close) => close()))
  })
  const { isReady, scrape } = deps
  const { app, ...ways } =
    config.role === 'worker'
      ? { app: createOpsApp({ isReady, ...(config.isLoopback ? { scrape } : {}) }) }
      : createEdge(deps)
  const secure = tls === undefined ? {} : { tls: tls.material() }
  if (secure.tls !== undefined) checkTls(secure.tls)
  const http = await listen(app, { host: config.host, port: config.port, ...secure, ...ways })
  closings.push(() => http.close(STOP_GRACE_MS))
  if (config.opsPort !== undefined) {
    const ops = await listen(createOpsApp({ isReady, scrape }), { host: '127.0.0.1', port: config.opsPort })
    closings.push(() => ops.close(0))
  }
  const grpc = config.role === 'worker' ? [] : await openGrpc(config, secure, deps, closings)
  const parts = opened.move()
  return {
    url: http.url,
    grpc: grpc.map(({ address }) => address),
    addresses: {
      http: config.publicUrl ?? http.url,
      grpc: grpc.map(({ address, publicAddress, agent }) => ({
        url: publicAddress ?? address,
        ...(agent === undefined ? {} : { agent }),
      })),
    },
    renewTls(material) {
      for (const listener of [http, ...grpc]) listener.renewTls(material)
    },
    [Symbol.asyncDispose]: () => parts.disposeAsync(),
  }
}

/** What gRPC takes is loaded only where it is served. */
async function openGrpc(
  config: Config,
  secure: { readonly tls?: TlsMaterial },
  deps: AppDeps,
  closings: (() => Promise<void>)[],
) {
  if (config.grpc.length === 0) return []
  const { listenGrpc } = await import('../edge/grpc/server.ts')
  const listeners = []
  for (const { publicAddress, ...where } of config.grpc) {
    const settings = { ...deps.settings, demandsTls: demandsTls(config, where.host) }
    const listener = await listenGrpc({ ...deps, settings }, { ...where, ...secure })
    closings.push(() => listener.close(STOP_GRACE_MS))
    listeners.push({ ...listener, publicAddress, agent: where.agent })
  }
  return listeners
}
