import { createServer, type RequestListener } from 'node:http'

/**
 * Listens on a free port of loopback and prints the address. The process ends with its standard input, so that it
 * does not outlive whoever started it.
 */
export function serveUntilOrphaned(listener: RequestListener): void {
  const server = createServer(listener)
  server.listen(0, '127.0.0.1', () => {
    const address = server.address()
    if (typeof address === 'object' && address !== null)
      console.log(`${LISTENING}http://127.0.0.1:${address.port}`)
  })
  process.stdin.resume().on('end', () => process.exit())
}

const LISTENING = 'listening on '

export const listeningUrl = (line: string): string | undefined =>
  line.startsWith(LISTENING) ? line.slice(LISTENING.length) : undefined
