import assert from 'node:assert/strict'
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, it } from 'node:test'
import { readArguments } from '../scripts/conformance/arguments.ts'
import { type Deviations, judge, parseDeviations } from '../scripts/conformance/deviations.ts'
import { findKit } from '../scripts/conformance/kit.ts'
import type { Outcome } from '../scripts/conformance/result.ts'

const RUN = { agent: 'v1.0', transport: 'grpc' } as const

const result = (outcome: Outcome, detail = '') => ({ test: 'a::b', outcome, detail })

const listing = (failure: Partial<Deviations['failures'][number]> = {}): Deviations => ({
  failures: [{ test: 'a::b', reason: 'the kit is wrong', ...failure }],
  skips: [],
})

const NOTHING: Deviations = { failures: [], skips: [] }

describe('the verdict on a run of a compatibility kit', () => {
  it('is good where every test passed and nothing is listed', () => {
    assert.deepEqual(judge([result('passed')], NOTHING, RUN), { expected: [], errors: [] })
  })

  it('names a listed failure with its reason, and a recommendation that is not followed as well', () => {
    for (const outcome of ['failed', 'missed'] as const) {
      const { expected, errors } = judge([result(outcome)], listing(), RUN)

      assert.deepEqual(expected, [{ test: 'a::b', reason: 'the kit is wrong' }])
      assert.deepEqual(errors, [])
    }
  })

  it('counts a failure that is not listed as an error, with its first line', () => {
    const { errors } = judge([result('failed', 'expected 200\nand more')], NOTHING, RUN)

    assert.deepEqual(errors, ['a::b failed, which is not listed: expected 200'])
  })

  it('counts a failure as an error where it is listed for another transport or agent only', () => {
    for (const where of [{ transports: ['rest'] }, { agents: ['v0.3'] }] satisfies Partial<
      Deviations['failures'][number]
    >[]) {
      assert.equal(judge([result('failed')], listing(where), RUN).errors.length, 1)
    }
  })

  it('counts a listed test as an error that passed, was skipped or does not exist', () => {
    assert.deepEqual(judge([result('passed')], listing(), RUN).errors, ['a::b is listed, but it passed'])
    assert.deepEqual(judge([result('skipped')], listing(), RUN).errors, [
      'a::b is listed, but it was skipped',
    ])
    assert.deepEqual(judge([], listing(), RUN).errors, ['a::b is listed, but there is no such test'])
  })

  it('counts a skipped test as an error where its whole reason is not listed, for it may hide a failure', () => {
    const skips = [{ because: 'no push here|no TLS here', reason: 'not offered' }]

    assert.deepEqual(judge([result('skipped', 'no TLS here')], { failures: [], skips }, RUN).errors, [])
    assert.deepEqual(
      judge([result('skipped', 'no TLS here: refused')], { failures: [], skips }, RUN).errors,
      ['a::b was skipped, for a reason that is not listed: no TLS here: refused'],
    )
  })
})

describe('the lists of deviations', () => {
  for (const version of ['1.0', '0.3']) {
    it(`of kit ${version} can be read, and list no test twice`, () => {
      const text = readFileSync(new URL(`conformance/expected-${version}.json`, import.meta.url), 'utf8')

      const { failures } = parseDeviations(text)

      const names = failures.map(({ test, transports, agents }) => JSON.stringify([test, transports, agents]))
      assert.equal(new Set(names).size, names.length)
    })
  }

  it('refuse an entry without a reason', () => {
    const text = JSON.stringify({ failures: [{ test: 'a::b' }], skips: [] })

    assert.throws(() => parseDeviations(text), /reason is required/)
  })
})

describe('the conformance command', () => {
  it('runs everything unless told otherwise', () => {
    assert.deepEqual(readArguments(['--kit', 'k']), {
      kit: 'k',
      transports: ['jsonrpc', 'rest', 'grpc'],
      agents: ['v1.0', 'v0.3'],
      python: 'python3',
    })
  })

  it('says what is wrong with its arguments', () => {
    assert.throws(() => readArguments([]), /--kit is required/)
    assert.throws(() => readArguments(['--kit', 'k', '--transport', 'rest,soap']), /"soap" is none of/)
  })

  it('refuses a folder that holds no kit, and a branch of the kit that it does not know', () => {
    using empty = folderWith([])
    using unknown = folderWith(['other'])

    assert.throws(() => findKit(join(empty.path, 'nothing')), /holds no A2A compatibility kit/)
    assert.throws(() => findKit(unknown.path), /known are 1\.0-dev and 0\.3\.x/)
  })

  it('tells the branches of the kit apart by their files', () => {
    using first = folderWith(['tests/compatibility'])
    using second = folderWith(['tests/mandatory', 'tests/optional'])

    assert.equal(findKit(first.path).version, '1.0')
    assert.equal(findKit(second.path).version, '0.3')
  })

  it('knows a test by the same id over every transport, and which skipped tests are about another one', () => {
    using folder = folderWith(['tests/compatibility'])
    const { testId, isElsewhere } = findKit(folder.path)

    assert.equal(testId('a.py::T::test_b[http_json]'), 'a.py::T::test_b')
    assert.equal(testId('a.py::test_must[CORE-1-jsonrpc]'), 'a.py::test_must[CORE-1]')
    assert.equal(testId('a.py::test_range[GetTask-nonexistent]'), 'a.py::test_range[GetTask-nonexistent]')
    const skipped = (test: string) => isElsewhere(test, 'no reason', 'rest')
    assert.ok(skipped('a.py::T::test_b[grpc]'))
    assert.ok(skipped('tests/core/test_errors.py::TestVersions::test_c_jsonrpc'))
    assert.ok(skipped('tests/grpc/test_status_codes.py::TestStatus::test_d'))
    assert.ok(!skipped('tests/core/test_errors.py::TestVersions::test_c_rest'))
    assert.ok(!skipped('tests/http_json/test_status.py::TestStatus::test_e'))
    assert.ok(!skipped('tests/agent_card/test_agent_card.py::TestCard::test_f'))
  })
})

/** A folder that looks like the kit with these folders in it; removed when disposed of. */
function folderWith(folders: readonly string[]): Disposable & { readonly path: string } {
  const path = mkdtempSync(join(tmpdir(), 'parley-kit-'))
  writeFileSync(join(path, 'pyproject.toml'), '[project]\nname = "a2a-tck"\n')
  for (const folder of folders) mkdirSync(join(path, folder), { recursive: true })
  return { path, [Symbol.dispose]: () => rmSync(path, { recursive: true }) }
}
