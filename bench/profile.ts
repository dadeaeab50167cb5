import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { at } from './json-path.ts'

const SHOWN = 30

/** Of every profile in a folder: the functions that took most of the time, themselves and with all they called. */
export async function describeProfiles(dir: string): Promise<readonly string[]> {
  const names = (await readdir(dir)).filter((name) => name.endsWith('.cpuprofile'))
  const described = await Promise.all(
    names.map(async (name) => describe(name, JSON.parse(await readFile(join(dir, name), 'utf8')))),
  )
  return described.flat()
}

type Node = { readonly place: string; readonly parent: Node | undefined }

/** Shares are of the time in which the thread did something. */
function describe(name: string, profile: unknown): readonly string[] {
  const nodes = nodesOf(profile)
  const deltas = listAt(profile, 'timeDeltas')
  const own = new Map<string, number>()
  const whole = new Map<string, number>()
  let total = 0
  for (const [index, id] of listAt(profile, 'samples').entries()) {
    const node = nodes.get(id)
    const time = Number(deltas[index])
    if (node === undefined || node.place === '(idle)') continue
    total += time
    own.set(node.place, (own.get(node.place) ?? 0) + time)
    for (const place of stackOf(node)) whole.set(place, (whole.get(place) ?? 0) + time)
  }
  return [
    `${name}, ${(total / 1e6).toFixed(1)} s of work`,
    ' self',
    ...largest(own, total),
    ' with callees',
    ...largest(whole, total),
  ]
}

function nodesOf(profile: unknown): ReadonlyMap<unknown, Node> {
  const listed = listAt(profile, 'nodes')
  const parents = new Map(listed.flatMap((node) => listAt(node, 'children').map((child) => [child, node])))
  const nodes = new Map<unknown, Node>()
  const nodeOf = (raw: unknown): Node => {
    const known = nodes.get(at(raw, 'id'))
    if (known !== undefined) return known
    const parent = parents.get(at(raw, 'id'))
    const place = placeOf(at(raw, 'callFrame'))
    const node = { place, parent: parent === undefined ? undefined : nodeOf(parent) }
    nodes.set(at(raw, 'id'), node)
    return node
  }
  for (const raw of listed) nodeOf(raw)
  return nodes
}

function stackOf(node: Node): ReadonlySet<string> {
  const places = new Set<string>()
  for (let frame: Node | undefined = node; frame !== undefined; frame = frame.parent) places.add(frame.place)
  return places
}

const largest = (times: ReadonlyMap<string, number>, total: number): readonly string[] =>
  [...times]
    .sort(([, a], [, b]) => b - a)
    .slice(0, SHOWN)
    .map(([place, time]) => `${((time / total) * 100).toFixed(1).padStart(7)} %  ${place}`)

function placeOf(frame: unknown): string {
  const url = String(at(frame, 'url') ?? '').replace(/^file:\/\/.*?\/(?=node_modules\/|dist\/)/, '')
  const name = String(at(frame, 'functionName') || '(anonymous)')
  return url === '' ? name : `${name} ${url}:${Number(at(frame, 'lineNumber')) + 1}`
}

function listAt(value: unknown, member: string): readonly unknown[] {
  const found = at(value, member)
  return Array.isArray(found) ? found : []
}
