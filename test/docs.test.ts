import assert from 'node:assert/strict'
import { existsSync, globSync, readdirSync, readFileSync } from 'node:fs'
import { dirname, join, normalize } from 'node:path'
import { describe, it } from 'node:test'
import { fileURLToPath } from 'node:url'
import { GENERATED_DOCUMENTS, withStateDiagram } from '../scripts/generated-documents.ts'
import { AUDIT_ACTIONS } from '../src/access/audit/audit-record.ts'
import { parseCertificates } from '../src/access/parse-certificates.ts'
import { parseIssuers } from '../src/access/tokens/parse-issuers.ts'
import { TRANSITIONS } from '../src/registry/lifecycle.ts'

const ROOT = fileURLToPath(new URL('..', import.meta.url))

const read = (path: string): string => readFileSync(join(ROOT, path), 'utf8')

const documents = globSync(['*.md', 'docs/**/*.md', 'examples/*/README.md'], { cwd: ROOT }).map((path) => ({
  path,
  text: read(path),
}))

type Document = (typeof documents)[number]

const scripts = Object.keys(
  (JSON.parse(read('package.json')) as { scripts: Readonly<Record<string, string>> }).scripts,
)

/** Commands of npm itself. */
const NPM_COMMANDS = ['ci', 'install', 'i', 'pack', 'publish', 'exec', 'audit', 'view', 'version', 'root']

const FILES = globSync('**/*', {
  cwd: ROOT,
  exclude: (name) => /(^|\/)(node_modules|\.git|dist)$/.test(name),
})
const FILE_NAMES = new Set(FILES.map((path) => path.split('/').at(-1)))

/** Made by running the program, not part of the repository. */
const MADE = /^(?:\.\/)?(?:data|dist|node_modules)(?:\/|$)|^bench\/latest\.json$|\.(?:db|key)$/

const TOP = new Set(readdirSync(ROOT))
const ROOMS = readdirSync(join(ROOT, 'src'), { withFileTypes: true }).flatMap((entry) =>
  entry.isDirectory() ? [entry.name] : [],
)

const isThere = (path: string, from: string): boolean => {
  const places = [path, join('src', path), join(dirname(from), path)].map(normalize)
  return places.some((place) =>
    place.includes('*') ? globSync(place, { cwd: ROOT }).length > 0 : existsSync(join(ROOT, place)),
  )
}

/** Whether text in backticks means a file or folder of this repository. */
function isPath(text: string): boolean {
  if (!/^(?:\.{1,2}\/)?[\w.*-]+(?:\/[\w.*-]+)*\/?$/.test(text) || MADE.test(text)) return false
  const segments = text.replace(/^\.\//, '').split('/')
  if (segments.length > 1 && TOP.has(segments[0] ?? '')) return true
  if (segments.length > 1 && ROOMS.includes(segments[0] ?? '') && text.endsWith('/')) return true
  return /[\w-]\.(?:ts|mjs|md|json|yml|yaml|sh)$/.test(text)
}

const withoutFences = (text: string): string => text.replace(/^ *```[\s\S]*?^ *```/gm, '')

/** What stands in backticks or in a fence. */
const codeOf = (document: Document): string => [...codeSpans(document), ...fencesOf(document)].join('\n')

const fencesOf = ({ text }: Document): readonly string[] => text.match(/^ *```[\s\S]*?^ *```/gm) ?? []

const codeSpans = ({ text }: Document): readonly string[] =>
  [...withoutFences(text).matchAll(/`([^`\n]+)`/g)].map(([, code]) => code ?? '')

/** Files named in commands: they begin with a folder of the repository and have an extension. */
const pathsInFences = (document: Document): readonly string[] =>
  fencesOf(document)
    .flatMap((fence) => fence.split(/[\s'"`()=]+/))
    .filter((word) => isPath(word) && TOP.has(word.split('/')[0] ?? '') && /\.\w+$/.test(word))

const linksOf = ({ text }: Document): readonly string[] =>
  [...withoutFences(text).matchAll(/\]\(([^)\s]+)\)/g)]
    .map(([, target]) => target ?? '')
    .filter((target) => !/^[a-z]+:/.test(target))

const anchorsOf = (text: string): readonly string[] =>
  [...withoutFences(text).matchAll(/^#{1,6} +(.+)$/gm)].map(([, heading = '']) =>
    heading
      .toLowerCase()
      .replace(/[^\p{L}\p{N} _-]/gu, '')
      .replaceAll(' ', '-'),
  )

const offences = (find: (document: Document) => readonly string[]): readonly string[] =>
  documents.flatMap((document) => find(document).map((what) => `${document.path}: ${what}`))

describe('the documents', () => {
  it('name only files and folders that exist', () => {
    const found = offences((document) =>
      [...codeSpans(document).filter(isPath), ...pathsInFences(document)].filter(
        (path) => !isThere(path, document.path) && !(!path.includes('/') && FILE_NAMES.has(path)),
      ),
    )

    assert.deepEqual(found, [])
  })

  it('link only to files and headings that exist', () => {
    const found = offences((document) =>
      linksOf(document).filter((link) => {
        const [path = '', anchor] = link.split('#')
        const target = path === '' ? document.path : normalize(join(dirname(document.path), path))
        if (!existsSync(join(ROOT, target))) return true
        return anchor !== undefined && target.endsWith('.md') && !anchorsOf(read(target)).includes(anchor)
      }),
    )

    assert.deepEqual(found, [])
  })

  it('name only npm scripts that exist', () => {
    const found = offences((document) =>
      [...codeOf(document).matchAll(/\bnpm (run )?(?:-+[\w=-]+ )*([a-z][\w:-]*)/g)].flatMap(
        ([command, run, name = '']) => {
          const exists =
            scripts.includes(name) ||
            (run === undefined && (name === 'scripts' || NPM_COMMANDS.includes(name)))
          return exists ? [] : [command]
        },
      ),
    )

    assert.deepEqual(found, [])
  })
})

describe('the documents made from code', () => {
  for (const [path, make] of GENERATED_DOCUMENTS) {
    it(`${path} is as npm run docs writes it`, () => {
      const stored = read(path).split('\n')
      const made = make().split('\n')

      assert.deepEqual(
        stored.filter((line) => !made.includes(line)),
        made.filter((line) => !stored.includes(line)),
      )
      assert.equal(stored.length, made.length)
    })
  }
})

describe('ARCHITECTURE.md', {
  skip: existsSync(join(ROOT, 'ARCHITECTURE.md')) ? false : 'not written yet',
}, () => {
  it('mentions every room', () => {
    const text = read('ARCHITECTURE.md')

    assert.deepEqual(
      ROOMS.filter((room) => !new RegExp(`\\b${room}/|\`${room}\`|\\bsrc/${room}\\b`).test(text)),
      [],
    )
  })

  it('draws the states of a task as the table has them', () => {
    const text = read('ARCHITECTURE.md')

    assert.equal(withStateDiagram(text) ?? 'markers of the diagram are missing', text)
  })
})

describe('docs/edge.md', () => {
  it('shows a list of client certificates that can be started with', () => {
    const [, json = ''] = /^```json\n(.*?)^```/ms.exec(read('docs/edge.md')) ?? []

    assert.equal(parseCertificates(json, { setting: 'the example', issuerAliases: [] }).length, 1)
  })
})

describe('docs/registry.md', () => {
  it('draws the lifecycle as it is', () => {
    const drawn = Object.entries(TRANSITIONS).flatMap(([from, next]) =>
      next.map((to) => `  ${from} --> ${to}`),
    )

    const [, found = ''] = /^stateDiagram-v2\n(.*?)\n```/ms.exec(read('docs/registry.md')) ?? []
    assert.equal(found, drawn.join('\n'))
  })
})

describe('docs/access.md', () => {
  it('shows lists of issuers that can be started with', () => {
    const examples = [...read('docs/access.md').matchAll(/^```json\n(.*?)^```/gms)].map(
      ([, json = '']) => json,
    )

    assert.equal(examples.length, 4)
    for (const json of examples) assert.equal(parseIssuers(json, { name: 'the example' }).length, 1)
  })
})

describe('docs/audit.md', () => {
  it('tells of every action', () => {
    const text = read('docs/audit.md')

    assert.deepEqual(
      AUDIT_ACTIONS.filter((action) => !text.includes(`\`${action}\``)),
      [],
    )
  })
})

describe('SECURITY.md', () => {
  const rows = [...read('SECURITY.md').matchAll(/^\| (.+) \| (.+) \| (.+) \|$/gm)]
  const heading = rows.findIndex(([, , , guards]) => guards === 'Guarded by')

  it('names, for each class of bug, tests that are there', () => {
    const classes = rows.slice(heading + 2).map(([, name = '', , guards = '']) => ({
      name,
      tests: [...guards.matchAll(/`([^`]+)`/g)].map(([, path = '']) => path),
    }))

    assert.ok(heading >= 0 && classes.length >= 14, `${classes.length} classes`)
    assert.deepEqual(
      classes.filter(({ tests }) => tests.length === 0 || !tests.every(isTest)).map(({ name }) => name),
      [],
    )
  })
})

const isTest = (path: string): boolean =>
  /\.(?:test|case)\.ts$/.test(path) &&
  existsSync(join(ROOT, path)) &&
  /\b(?:it|test|describeMatrix)\(/.test(read(path))
