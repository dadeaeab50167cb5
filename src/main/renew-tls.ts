import type { Certificates } from '../access/certificates.ts'
import type { Secrets } from '../config/secrets.ts'
import type { TlsFiles } from '../config/tls-files.ts'
import { watchFiles } from '../config/watch-files.ts'
import { checkTls } from '../edge/tls.ts'
import type { Events } from '../telemetry/events.ts'
import type { Listeners } from './open-listeners.ts'

export type RenewDeps = {
  readonly files: TlsFiles
  readonly tls: NonNullable<Secrets['tls']>
  readonly listeners: Pick<Listeners, 'renewTls'>
  readonly certificates: Pick<Certificates, 'replace'>
  readonly events: Pick<Events, 'filesRenewed' | 'filesRefused'>
}

/** Takes over what becomes of the files of TLS and of client certificates. What is no good is logged, and what was before stays. */
export function renewTls({ files, tls, listeners, certificates, events }: RenewDeps): Disposable {
  const { certFile, keyFile, clients } = files
  const stack = new DisposableStack()
  const watch = (what: string, paths: readonly string[], take: () => void): void => {
    let isTaken = false
    const taken = (): void => {
      const isNews = isTaken
      isTaken = true
      try {
        take()
      } catch (cause) {
        events.filesRefused({ what, cause })
        return
      }
      // The first time is about what changed while the gateway started, if anything did.
      if (isNews) events.filesRenewed({ what })
    }
    stack.use(watchFiles(paths, taken))
  }
  watch('tls', [certFile, keyFile, ...(clients === undefined ? [] : [clients.caFile])], () => {
    const material = tls.material()
    checkTls(material)
    listeners.renewTls(material)
  })
  if (clients !== undefined) {
    watch('client_certificates', [clients.rulesFile], () => certificates.replace(tls.certificateRules()))
  }
  return stack
}
