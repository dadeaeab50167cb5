import { ParleyError } from '../../errors.ts'

/**
 * Refuses a request for a host we do not answer to. A web page elsewhere can point its own name at a loopback
 * address and speak to us from the visitor's browser; the `Host` header gives it away.
 */
export function checkHost(request: Request, allowedHosts: readonly string[]): void {
  const { hostname } = new URL(request.url)
  if (allowedHosts.includes(hostname)) return
  throw new ParleyError('forbidden', 'This host name is not served here', {
    details: { allowedHosts: allowedHosts.join(', ') },
  })
}
