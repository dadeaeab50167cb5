import { closeSync, fsyncSync, openSync, rmSync, writeSync } from 'node:fs'
import { join } from 'node:path'
import { quantile } from './measure.ts'

const WRITES = 300
const PAGE_BYTES = 4096

/** How long the disk takes to append one page and make it durable, in ms: the least a durable write can cost. */
export function measureFsync(dir: string): { readonly p50: number; readonly p99: number } {
  const path = join(dir, 'fsync')
  const file = openSync(path, 'w')
  const page = Buffer.alloc(PAGE_BYTES, 1)
  const times: number[] = []
  try {
    for (let write = 0; write < WRITES; write++) {
      const startedAt = performance.now()
      writeSync(file, page)
      fsyncSync(file)
      times.push(performance.now() - startedAt)
    }
  } finally {
    closeSync(file)
    rmSync(path)
  }
  return { p50: quantile(times, 0.5), p99: quantile(times, 0.99) }
}
