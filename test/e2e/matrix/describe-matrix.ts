import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { nameOf, WAYS, type Way } from '../../equivalence/ways.ts'
import { at } from '../json-path.ts'
import { createRawWays, dispatcherFor, has, type RawAnswer, readAnswer } from '../raw-ways.ts'
import { native } from '../rpc.ts'
import { gatherCallers } from './callers.ts'
import { A2A_NEEDS, type A2aNeed, NATIVE_NEEDS, type Names, type NativeNeed, ROUTE_NEEDS } from './needs.ts'
import { NEVER, openStage, type Place, type Stage } from './stage.ts'
import { type Caller, type Cell, sees, type Verdict, verdictOn } from './verdict.ts'

/** Over A2A, or natively. */
export type Door = { readonly name: string } & ({ readonly way: Way } | { readonly way?: never })

export const DOORS: readonly Door[] = [...WAYS.map((way) => ({ name: nameOf(way), way })), { name: 'native' }]

/** Who asks for what, and where: one square of the matrix. */
type Square = {
  readonly door: Door
  readonly caller: Caller
  readonly need: A2aNeed | NativeNeed
  readonly place: Place
  readonly verdict: Verdict
}

export type MatrixOptions = {
  readonly open?: () => Promise<Stage>
  readonly gather?: (stage: Stage) => Promise<readonly Caller[]>
  /** Callers by name, each of whom asks for everything. */
  readonly causes?: readonly string[]
  /** Squares of a door at least. */
  readonly fewest?: number
  /** Who the gateway's certificate is from, where it is reached over TLS. */
  readonly ca?: string
}

const isNative = (need: A2aNeed | NativeNeed): need is NativeNeed => 'path' in need

/** What a door offers. Version 0.3 has no list of tasks, and over REST and gRPC no references to them. */
function needsOf({ way }: Door): readonly (A2aNeed | NativeNeed)[] {
  if (way === undefined) return NATIVE_NEEDS
  return A2A_NEEDS.filter(
    ({ operation, name }) =>
      has(way, operation) &&
      (!name.endsWith('refers to a task') || way.version === '1.0' || way.binding === 'JSONRPC'),
  )
}

/**
 * Everybody asks for everything of Alice's, through these doors. Every answer is as `verdictOn` has it; what is hidden is
 * answered byte for byte as what never existed; and nothing that is refused reaches an agent.
 */
export function describeMatrix(
  title: string,
  doors: readonly Door[],
  {
    open = openStage,
    gather = gatherCallers,
    causes = CAUSES,
    fewest = FEWEST_SQUARES,
    ca,
  }: MatrixOptions = {},
): void {
  describe(title, { timeout: 240_000 }, () => {
    const opened = new AsyncDisposableStack()
    const ways = createRawWays()
    let stage: Stage
    let callers: readonly Caller[]
    let squares: readonly Square[]
    const tried = new Set<Square>()

    before(async () => {
      stage = opened.use(await open())
      opened.defer(ways.close)
      callers = await gather(stage)
      squares = doors.flatMap((door) =>
        callers.flatMap((caller) =>
          needsOf(door)
            .filter((need) => isWorthAsking(caller, need))
            .flatMap((need) =>
              placesFor(need).map((place) => {
                const cell: Cell = { caller, need, visibility: place.visibility, isNative: isNative(need) }
                return { door, caller, need, place, verdict: verdictOn(cell) }
              }),
            ),
        ),
      )
    })
    after(() => opened.disposeAsync())

    const placesFor = ({ about, at: only }: Cell['need']): readonly Place[] =>
      stage.places.filter(
        ({ visibility }) => visibility === (about === 'gateway' ? 'public' : (only ?? visibility)),
      )

    async function ask({ door, caller, need, verdict }: Square, names: Names): Promise<RawAnswer> {
      const tls = ca === undefined ? undefined : { ca, ...(caller.identity && { identity: caller.identity }) }
      if (isNative(need)) {
        const body = need.body === undefined ? {} : { body: JSON.stringify(need.body(names)) }
        const response = await fetch(`${stage.parley.url}${need.path(names)}`, {
          method: need.method,
          headers: {
            ...(need.body !== undefined && { 'content-type': 'application/json' }),
            ...(caller.key !== undefined && { authorization: `Bearer ${caller.key}` }),
            ...need.headers,
          },
          ...body,
          signal: AbortSignal.timeout(30_000),
          ...dispatcherFor(tls),
        })
        return readAnswer(response)
      }
      if (door.way === undefined) throw new TypeError('A2A has no native way')
      const [grpc = ''] = stage.parley.grpc
      const { url } = stage.parley
      const target = { url, grpc, agent: names.agent, key: caller.key, ...(tls && { tls }) }
      const messageId = verdict === 'answered' ? ALLOWED : REFUSED
      return ways.over(door.way, target).ask({ ...need.request(names), messageId }, need.headers)
    }

    /** All there is to see of an answer, without the names that were asked for. */
    async function seen(square: Square, names: Names): Promise<string> {
      const { status, shown } = await ask(square, names)
      const anonymous = Object.values(names).reduce((text, name) => text.replaceAll(name, '<asked>'), shown)
      return `${status} ${anonymous.replaceAll(/\d{4}-\d\d-\d\dT[\d:.]+Z/g, '<at>')}`
    }

    /** What is wrong with the answers of one square. */
    async function faultsOf(square: Square): Promise<readonly string[]> {
      tried.add(square)
      const { verdict, place, need, caller } = square
      if (verdict === 'answered') {
        const names = need.destroys ? await stage.spare(place.visibility, need.about) : place.ended
        const answer = await seen(square, names)
        const finds = need.isFilter !== true || answer.includes('<asked>')
        return [
          ...wrongKind('answered', answer),
          ...leaksIn(square, answer),
          ...(finds ? [] : [`finds nothing: ${answer}`]),
        ]
      }
      const faults: string[] = []
      for (const kind of kindsFor(square)) {
        const answer = await seen(square, place[kind])
        faults.push(...wrongKind(verdict, answer), ...leaksIn(square, answer))
        if (verdict === 'unauthenticated')
          refusals.get(square.door.name)?.add(`${caller.credential} ${shapeOf(need)} ${answer}`)
        if (verdict === 'forbidden' || need.about === 'gateway') continue
        const control = await seenOfNothing(square, kind)
        if (answer !== control) faults.push(`differs from what never existed:\n${answer}\n${control}`)
      }
      return faults
    }

    /** The same asked of what never existed: of a task at the same agent, where the caller sees that. */
    function seenOfNothing(square: Square, kind: 'running' | 'ended'): Promise<string> {
      const { door, caller, need, place } = square
      const agent = sees(caller, place.visibility) ? place[kind].agent : NEVER[kind].agent
      const title = [door.name, caller.name, need.name, agent].join('\n')
      const asked = controls.get(title) ?? seen(square, { ...NEVER[kind], agent })
      controls.set(title, asked)
      return asked
    }

    const controls = new Map<string, Promise<string>>()

    /** Every 401 that there was over a way. */
    const refusals = new Map<string, Set<string>>(doors.map(({ name }) => [name, new Set()]))

    for (const door of doors) {
      test(`${door.name}: everybody gets exactly what is theirs`, async () => {
        const faults: string[] = []
        const mine = squares.filter((square) => square.door === door)
        for (let from = 0; from < mine.length; from += ABREAST) {
          const some = mine.slice(from, from + ABREAST)
          const found = await Promise.all(
            some.map(async (square) =>
              (await faultsOf(square)).map((fault) => `${titleOf(square)}: ${fault}`),
            ),
          )
          faults.push(...found.flat())
        }
        assert.deepEqual(faults.slice(0, 20), [], `${faults.length} faults`)
      })

      test(`${door.name}: to nobody known, everything is one`, () => {
        const answers = [...(refusals.get(door.name) ?? [])]
        for (const credential of ['none', 'bad']) {
          // Nothing of ARD's takes more than a look, for which no credential is needed.
          const isToldByArd = door.way === undefined && credential === 'bad'
          for (const shape of isToldByArd ? ['its own', "ARD's"] : ['its own']) {
            const some = answers.filter((answer) => answer.startsWith(`${credential} ${shape} `))
            assert.equal(some.length, 1, some.join('\n'))
          }
        }
      })
    }

    test('nothing of it was left out', (t) => {
      assert.equal(tried.size, squares.length)
      for (const door of doors) {
        for (const need of needsOf(door)) {
          const met = squares.filter((square) => square.door === door && square.need === need)
          const asked = new Set(
            met.map(({ caller }) => caller.name.replace(/^missing scope .*/, 'missing scope')),
          )
          for (const cause of causes) {
            if (cause === 'missing scope' && need.scope === 'none') continue
            assert.ok(asked.has(cause), `${door.name} ${need.name}: ${cause}`)
          }
        }
      }
      t.diagnostic(`${squares.length} squares`)
      assert.ok(squares.length >= doors.length * fewest, `${squares.length} squares`)
    })

    test('and nothing that was refused reached an agent, or a task', async () => {
      const got = (await stage.agent.record()).map((entry) => at(entry, 'messageId'))
      assert.equal(
        got.includes(ALLOWED),
        doors.some(({ way }) => way !== undefined),
      )
      assert.ok(!got.includes(REFUSED))
      for (const { running } of stage.places) {
        const task = await native(stage.alice, 'GET', `${stage.parley.url}/tasks/${running.task}`)
        assert.equal(at(task.body, 'status', 'state'), 'TASK_STATE_WORKING', task.text)
      }
    })

    test('every native route is in it', async () => {
      const { body } = await native(undefined, 'GET', `${stage.parley.url}/openapi.json`)
      const served = Object.entries(at(body, 'paths') as object).flatMap(([path, methods]) =>
        Object.keys(methods).map((method) => `${method.toUpperCase()} ${path}`),
      )

      assert.deepEqual(served.sort(), Object.keys(ROUTE_NEEDS).sort())
    })
  })
}

/** What is hidden is asked for in both ways, by id and by slug; of a refusal that does not depend on it one will do. */
function kindsFor({ verdict, place }: Square): readonly ('running' | 'ended')[] {
  if (verdict === 'hidden' || verdict === 'blank') return ['running', 'ended']
  return place.visibility === 'tenant' ? ['ended'] : ['running']
}

/** How a door tells failures: in its own way, or in ARD's. */
const shapeOf = ({ name }: Cell['need']): string => (/ \/ard\//.test(name) ? "ARD's" : 'its own')

/** Squares that are asked at once. */
const ABREAST = 8
/** Of a door; what there is, rounded down. */
const FEWEST_SQUARES = 1000

/** What messages are called that should come through, and those that should not. */
const ALLOWED = 'allowed'
const REFUSED = 'refused'

const CAUSES = [
  'the owner',
  'the admin',
  'another owner',
  'another tenant',
  'missing scope',
  'grant of discover',
  'grant for other operations only',
  'grant for the other operations only',
  'grant taken back',
  'key limited to another agent',
  'admin key limited to another agent',
  'no credential',
  'unknown credential',
  'revoked key',
  'expired key',
  'expired token',
]

/** Who lacks one scope is asked only for what takes it: for the rest they are the owner. */
const isWorthAsking = ({ name }: Caller, { scope }: Cell['need']): boolean =>
  !name.startsWith('missing scope') || name === `missing scope ${scope}` || scope === 'admin'

const titleOf = ({ door, caller, need, place, verdict }: Square): string =>
  `${door.name}, ${caller.name}, ${need.name}, ${place.visibility} → ${verdict}`

const KINDS: readonly (readonly [RegExp, Verdict])[] = [
  [/^(?:401|16) /, 'unauthenticated'],
  [/^(?:403|7) .*insufficient_scope/, 'unscoped'],
  [/^(?:403|7) /, 'forbidden'],
  [/^(?:404|5) |(?:TASK_NOT_FOUND|TaskNotFound|AGENT_NOT_FOUND)/, 'hidden'],
  [/^(?:50[0234]|2|13|14) /, 'open'],
]

function wrongKind(verdict: Verdict, answer: string): readonly string[] {
  if (verdict === 'open') return []
  const kind = KINDS.find(([pattern]) => pattern.test(answer))?.[1] ?? 'answered'
  return kind === (verdict === 'blank' ? 'answered' : verdict) ? [] : [`is ${kind}: ${answer}`]
}

/** Texts that only others may see. */
function leaksIn({ caller, need, place, verdict }: Square, answer: string): readonly string[] {
  const marks: string[] = []
  if (verdict !== 'open' && !sees(caller, place.visibility)) marks.push(place.mark)
  const isReader = caller.owns || (isNative(need) && caller.scopes.has('admin'))
  if (verdict !== 'answered' || !isReader || caller.tenant === 'other' || caller.isLimited) {
    marks.push(place.secret, place.running.task, place.ended.task, place.running.context, place.ended.context)
  }
  return marks.filter((mark) => answer.includes(mark)).map((mark) => `shows ${mark}: ${answer}`)
}
