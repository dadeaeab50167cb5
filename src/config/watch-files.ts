import { createHash } from 'node:crypto'
import { readFile } from 'node:fs/promises'

/** Files are looked at this often. */
const INTERVAL_MS = 5000

/**
 * Calls `changed` when the content of any of the files has become another than when this was called, and each time again.
 *
 * The content is compared and not the file, so that a file that is renamed into place and a link that points elsewhere (as
 * Kubernetes does it) count like one that is written anew. What cannot be read counts as unchanged: it is being replaced.
 */
export function watchFiles(
  paths: readonly string[],
  changed: () => void,
  intervalMs = INTERVAL_MS,
): Disposable {
  let known: string | undefined
  let isLooking = false
  const look = async (): Promise<void> => {
    if (isLooking) return
    isLooking = true
    const found = await fingerprintOf(paths).catch(() => known)
    isLooking = false
    const isFirst = known === undefined
    if (found === known) return
    known = found
    if (!isFirst) changed()
  }
  void look()
  const timer = setInterval(() => void look(), intervalMs)
  timer.unref()
  return { [Symbol.dispose]: () => clearInterval(timer) }
}

async function fingerprintOf(paths: readonly string[]): Promise<string> {
  const hash = createHash('sha256')
  for (const path of paths) {
    const content = await readFile(path)
    hash.update(`${content.length}:`).update(content)
  }
  return hash.digest('hex')
}
