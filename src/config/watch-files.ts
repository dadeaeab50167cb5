import { createHash } from 'node:crypto'
import { readFile } from 'node:fs/promises'

/** Files are looked at this often. */
const INTERVAL_MS = 5000

/**
 * Calls `changed` once the content of the files is known, as it may have become another since whoever calls this read it, and
 * whenever that of any of them has become another.
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
    if (found === known) return
    known = found
    changed()
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
