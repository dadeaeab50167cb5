import assert from 'node:assert/strict'
import { globSync, readFileSync } from 'node:fs'
import { dirname, join, normalize, sep } from 'node:path'
import { describe, it } from 'node:test'
import { fileURLToPath } from 'node:url'
import { ROUTES } from '../src/edge/http/routes.ts'
import { ROUTE_NEEDS } from './e2e/matrix/needs.ts'

const ROOT = fileURLToPath(new URL('..', import.meta.url))

type Room = {
  /** The rooms it may import. */
  readonly rooms: readonly string[]
  /** The packages and `node:` modules it may import, with their subpaths. */
  readonly outside: readonly string[]
}

/** What each room may import. Rooms are listed from the ground up: nobody imports upwards. */
const MAY_IMPORT: Readonly<Record<string, Room>> = {
  errors: { rooms: [], outside: [] },
  client: { rooms: [], outside: [] },
  telemetry: {
    rooms: ['errors'],
    outside: ['node:fs', 'pino', '@opentelemetry/exporter-prometheus', '@opentelemetry/sdk-metrics'],
  },
  a2a: { rooms: ['errors'], outside: ['@bufbuild/protobuf', 'node:crypto', 'typebox'] },
  access: {
    rooms: ['errors', 'telemetry', 'a2a'],
    outside: ['canonicalize', 'jose', 'node:crypto', 'node:zlib', 'typebox'],
  },
  work: { rooms: ['telemetry'], outside: [] },
  registry: {
    rooms: ['errors', 'telemetry', 'a2a', 'access', 'work'],
    outside: ['canonicalize', 'jose', 'node:crypto', 'typebox'],
  },
  tasks: { rooms: ['errors', 'telemetry', 'a2a', 'access', 'work', 'registry'], outside: ['node:crypto'] },
  delivery: {
    rooms: ['errors', 'telemetry', 'a2a', 'access', 'work', 'registry', 'tasks'],
    outside: [],
  },
  probes: {
    rooms: ['errors', 'telemetry', 'a2a', 'access', 'work', 'registry', 'delivery'],
    outside: [],
  },
  alerts: { rooms: ['errors', 'telemetry', 'a2a', 'access', 'work', 'registry'], outside: ['typebox'] },
  upstream: {
    rooms: ['errors', 'a2a', 'access', 'work', 'registry', 'delivery', 'probes', 'alerts'],
    outside: [
      'eventsource-parser',
      'nodemailer',
      'undici',
      'node:crypto',
      'node:dns',
      'node:http',
      'node:http2',
      'node:https',
      'node:net',
      'node:tls',
      'node:url',
      'node:util',
      'node:stream',
    ],
  },
  storage: {
    rooms: ['errors', 'a2a', 'access', 'work', 'registry', 'tasks', 'alerts'],
    outside: ['node:crypto', 'node:sqlite', 'node:worker_threads', 'node:fs', 'node:path', 'node:timers'],
  },
  edge: {
    rooms: ['errors', 'telemetry', 'a2a', 'access', 'registry', 'tasks', 'delivery', 'alerts'],
    outside: [
      'hono',
      '@hono/node-server',
      'typebox',
      'node:crypto',
      'node:http',
      'node:http2',
      'node:https',
      'node:net',
      'node:stream',
      'node:tls',
      'node:zlib',
    ],
  },
  config: {
    rooms: ['errors', 'access'],
    outside: ['node:crypto', 'node:fs', 'node:net', 'node:path'],
  },
  main: {
    rooms: [
      'errors',
      'telemetry',
      'a2a',
      'access',
      'work',
      'registry',
      'tasks',
      'delivery',
      'probes',
      'alerts',
      'upstream',
      'storage',
      'edge',
      'config',
    ],
    outside: ['node:crypto'],
  },
  cli: {
    rooms: ['errors', 'a2a', 'access', 'registry', 'config', 'main'],
    outside: ['node:child_process', 'node:events', 'node:fs', 'node:path', 'node:url', 'node:util'],
  },
}

/** The business: no HTTP, no driver, no file, no clock of their own. */
const BUSINESS = ['a2a', 'access', 'work', 'registry', 'tasks', 'delivery', 'probes', 'alerts']

const FORBIDDEN_FOLDERS =
  /(^|\/)(utils|helpers|common|shared|types|interfaces|managers|services|lib|models|controllers|repositories)(\/|$)/

const MAX_LINES = 500

type Source = {
  readonly path: string
  readonly room: string
  readonly isTest: boolean
  readonly text: string
}

const sourcesOf = (pattern: string): readonly Source[] =>
  globSync(pattern, { cwd: ROOT }).map((found) => {
    const path = found.split(sep).join('/')
    const room = path.replace(/^src\//, '').split('/')[0] ?? ''
    return {
      path,
      room: room.replace(/(\.test)?\.ts$/, ''),
      isTest: /\.(test|case)\.ts$|^src\/storage\/contract\//.test(path),
      text: readFileSync(join(ROOT, path), 'utf8'),
    }
  })

const sources = sourcesOf('src/**/*.ts')
const product = sources.filter(({ isTest }) => !isTest)

/** Every module a file names: static, type-only, side effect, dynamic, re-export. */
const importsOf = ({ text }: Source): readonly string[] =>
  [...text.matchAll(/(?:\bfrom|\bimport)\s*\(?\s*(['"])([^'"\s]+)\1/g)].map(([, , name]) => name ?? '')

const roomOfImport = (source: Source, specifier: string): string | undefined => {
  const target = normalize(join(dirname(source.path), specifier)).split(sep)
  return target[0] === 'src' ? target[1]?.replace(/\.ts$/, '') : undefined
}

const packageOf = (specifier: string): string =>
  specifier
    .split('/')
    .slice(0, specifier.startsWith('@') ? 2 : 1)
    .join('/')

/** `path: what` for every file and match, so that a failure names the places. */
const offences = (files: readonly Source[], find: (source: Source) => readonly string[]): readonly string[] =>
  files.flatMap((source) => find(source).map((what) => `${source.path}: ${what}`))

const matchesOf = (pattern: RegExp) => (source: Source) => source.text.match(pattern) ?? []

describe('the architecture', () => {
  it('knows every folder and file under src', () => {
    const rooms = new Set(sources.map(({ room }) => room))

    assert.deepEqual([...rooms].sort(), Object.keys(MAY_IMPORT).sort())
  })

  it('is listed from the ground up, so that no room can import upwards', () => {
    const order = Object.keys(MAY_IMPORT)

    for (const [index, [room, { rooms }]] of Object.entries(MAY_IMPORT).entries()) {
      for (const other of rooms) assert.ok(order.indexOf(other) < index, `${room} may not name ${other}`)
    }
  })

  it('lets each room import only the rooms below it that the table names', () => {
    const found = offences(product, (source) =>
      importsOf(source)
        .filter((specifier) => specifier.startsWith('.'))
        .filter((specifier) => {
          const room = roomOfImport(source, specifier)
          const isPackageFile = room === undefined
          return isPackageFile || (room !== source.room && !MAY_IMPORT[source.room]?.rooms.includes(room))
        }),
    )

    assert.deepEqual(found, [])
  })

  it('lets tests of a room use, besides, only the reference backend', () => {
    const found = offences(
      sources.filter(({ isTest, room }) => isTest && BUSINESS.includes(room)),
      (source) =>
        importsOf(source)
          .filter((specifier) => specifier.startsWith('.'))
          .filter((specifier) => {
            const room = roomOfImport(source, specifier) ?? ''
            if (room === source.room || MAY_IMPORT[source.room]?.rooms.includes(room)) return false
            return !/\/storage\/memory\//.test(specifier) && room !== 'telemetry'
          }),
    )

    assert.deepEqual(found, [])
  })

  it('lets each room import only the packages and node modules the table names', () => {
    const found = offences(product, (source) =>
      importsOf(source)
        .filter((specifier) => !specifier.startsWith('.'))
        .filter((specifier) => !MAY_IMPORT[source.room]?.outside.includes(packageOf(specifier))),
    )

    assert.deepEqual(found, [])
  })

  it('lists no package or node module that its room does not import', () => {
    const found = Object.entries(MAY_IMPORT).flatMap(([room, { outside }]) => {
      const files = product.filter((source) => source.room === room)
      const used = new Set(files.flatMap(importsOf).map(packageOf))
      return outside.filter((name) => !used.has(name)).map((name) => `${room}: ${name}`)
    })

    assert.deepEqual(found, [])
  })

  it('keeps drivers of a backend inside that backend', () => {
    const found = offences(
      product.filter(({ path }) => !path.startsWith('src/storage/sqlite/')),
      (source) => importsOf(source).filter((name) => /^node:(sqlite|worker_threads)$/.test(name)),
    )

    assert.deepEqual(found, [])
  })
})

describe('the house style', () => {
  it('keeps every file within 500 lines', () => {
    const all = ['src', 'test', 'examples', 'scripts', 'bench'].flatMap((folder) =>
      sourcesOf(`${folder}/**/*.{ts,mjs}`),
    )

    const found = all
      .map(({ path, text }) => ({ path, lines: text.split('\n').length - 1 }))
      .filter(({ lines }) => lines > MAX_LINES)

    assert.deepEqual(found, [])
  })

  it('has no folder that is named after what it is made of', () => {
    const found = sources.filter(({ path }) => FORBIDDEN_FOLDERS.test(dirname(path)))

    assert.deepEqual(
      found.map(({ path }) => path),
      [],
    )
  })

  it('names files and folders in kebab-case, and none of them index', () => {
    const found = sources.filter(
      ({ path }) =>
        !/^src(\/[a-z0-9]+([-_][a-z0-9]+)*)+(\.(test|case|d))?\.ts$/.test(path) || path.endsWith('/index.ts'),
    )

    assert.deepEqual(
      found.map(({ path }) => path),
      [],
    )
  })

  it('reads the environment in config only', () => {
    const others = product.filter(({ room }) => room !== 'config')

    assert.deepEqual(offences(others, matchesOf(/\bprocess\.env\b/g)), [])
  })

  it('takes time and randomness from outside everywhere but where the parts are joined', () => {
    const others = product.filter(({ room }) => room !== 'main' && room !== 'telemetry')

    const found = offences(
      others,
      matchesOf(/\bDate\.now\(|\bMath\.random\(|\bnew Date\(\)|\bperformance\.now\(/g),
    )

    assert.deepEqual(found, [])
  })

  it('lets no room of the business call out by itself', () => {
    const rooms = product.filter(({ room }) => BUSINESS.includes(room))

    assert.deepEqual(offences(rooms, matchesOf(/(?<![.\w])(?:fetch|new WebSocket)\(/g)), [])
  })

  it('writes to the console in cli only', () => {
    const others = product.filter(({ room }) => room !== 'cli')

    assert.deepEqual(offences(others, matchesOf(/\bconsole\.\w+/g)), [])
  })

  it('never ends the process from within', () => {
    assert.deepEqual(offences(product, matchesOf(/\bprocess\.(?:exit\(|abort\b)/g)), [])
  })

  it('exports by name, one thing at a time', () => {
    assert.deepEqual(offences(sources, matchesOf(/^export (?:default\b|\*).*/gm)), [])
  })

  it('has no type check switched off', () => {
    const patterns = /@ts-(?:ignore|nocheck|expect-error)|\bas (?:any|unknown as)\b/g

    assert.deepEqual(offences(sources, matchesOf(patterns)), [])
  })
})

describe('the isolation matrix', () => {
  it('asks for every native route, as somebody who may and as everybody who may not', () => {
    const served = ROUTES.map(({ method, path }) => `${method} ${path}`)

    assert.deepEqual(
      served.filter((route) => !Object.hasOwn(ROUTE_NEEDS, route)),
      [],
      'a route needs an entry in test/e2e/matrix/needs.ts',
    )
  })
})
