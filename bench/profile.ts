import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { at } from './json-path.ts'

const SHOWN = 30

/** The functions of every profile in a folder that took most of the time themselves. */
export async function describeProfiles(dir: string): Promise<readonly string[]> {
  const names = (await readdir(dir)).filter((name) => name.endsWith('.cpuprofile'))
  const described = await Promise.all(
    names.map(async (name) => [`${name}:`, ...topOf(JSON.parse(await readFile(join(dir, name), 'utf8')))]),
  )
  return described.flat()
}

/** Shares are of the time in which the thread did something. */
function topOf(profile: unknown): readonly string[] {
  const places = new Map<unknown, string>()
  for (const node of listAt(profile, 'nodes')) places.set(at(node, 'id'), placeOf(at(node, 'callFrame')))
  const deltas = listAt(profile, 'timeDeltas')
  const selfTimes = new Map<string, number>()
  for (const [index, id] of listAt(profile, 'samples').entries()) {
    const place = places.get(id) ?? '?'
    selfTimes.set(place, (selfTimes.get(place) ?? 0) + Number(deltas[index]))
  }
  selfTimes.delete('(idle)')
  const total = [...selfTimes.values()].reduce((sum, time) => sum + time, 0)
  return [...selfTimes]
    .sort(([, a], [, b]) => b - a)
    .slice(0, SHOWN)
    .map(([place, time]) => `${((time / total) * 100).toFixed(1).padStart(5)} %  ${place}`)
}

function placeOf(frame: unknown): string {
  const url = String(at(frame, 'url') ?? '').replace(/^file:\/\/.*\/(dist|node_modules)\//, '$1/')
  const name = String(at(frame, 'functionName') || '(anonymous)')
  return url === '' ? name : `${name} ${url}:${Number(at(frame, 'lineNumber')) + 1}`
}

function listAt(value: unknown, member: string): readonly unknown[] {
  const found = at(value, member)
  return Array.isArray(found) ? found : []
}
