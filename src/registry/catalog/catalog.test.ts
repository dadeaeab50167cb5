import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { check } from '../../a2a/wire.ts'
import type { Agent } from '../agent.ts'
import { as, cardText, openRegistry } from '../open-registry.case.ts'
import { catalogEntry, publisherOf } from './catalog-entry.ts'
import { CatalogManifest, catalogManifest } from './catalog-manifest.ts'

const ada = as('key:ada')
const URL = 'https://gw.example/base/'

const agentWith = async (changes: object): Promise<Agent> => {
  const { registry } = await openRegistry()
  return (await registry.register(ada, { card: cardText(changes), slug: 'sky' })).agent
}

const skill = (id: string, tags: readonly string[], examples?: readonly string[]) => ({
  id,
  name: id,
  description: id,
  tags,
  ...(examples && { examples }),
})

describe('an entry of the catalog', () => {
  it('points to the published card, under a name that does not change with the address', async () => {
    const agent = await agentWith({ name: 'Sky', skills: [] })
    const entry = catalogEntry(agent, URL)

    assert.equal(entry.url, `https://gw.example/base/a2a/${agent.id}/.well-known/agent-card.json`)
    assert.equal(entry.identifier, `urn:air:gw.example:agent:${agent.id}`)
    assert.deepEqual(
      [entry.tags, entry.capabilities, entry.representativeQueries],
      [undefined, undefined, undefined],
    )
  })

  it('names skills, tags and examples once, and 2 to 5 examples or none', async () => {
    const examplesOf = async (...examples: readonly string[]) =>
      catalogEntry(await agentWith({ skills: [skill('a', ['x', 'x', 'y'], examples)] }), URL)

    assert.equal((await examplesOf('one')).representativeQueries, undefined)
    assert.equal((await examplesOf('one', 'one')).representativeQueries, undefined)
    const { representativeQueries, tags, capabilities } = await examplesOf('1', '2', '3', '4', '5', '6')
    assert.deepEqual(
      [representativeQueries, tags, capabilities],
      [['1', '2', '3', '4', '5'], ['x', 'y'], ['a']],
    )
  })

  it("says which of its members hold the publisher's own words", async () => {
    const entry = catalogEntry(await agentWith({ skills: [skill('a', ['x'], ['1', '2'])] }), URL)
    const untrusted = entry.metadata?.['dev.parley.untrusted']?.split(' ') ?? []
    const ours = ['identifier', 'type', 'url', 'updatedAt', 'metadata']

    assert.deepEqual([...untrusted, ...ours].sort(), Object.keys(entry).sort())
  })
})

describe('the publisher', () => {
  it('is the host, in the letters that names are made of', () => {
    assert.equal(publisherOf('https://agents.example.com:8443/x'), 'agents.example.com')
    assert.equal(publisherOf('http://127.0.0.1:7420'), '127.0.0.1')
    assert.equal(publisherOf('http://[::1]:7420'), '1')
    assert.equal(publisherOf('http://[2001:db8::1]'), '2001-db8-1')
  })
})

describe('a catalog', () => {
  it('leads to the registry, and to a further catalog while there is one', async () => {
    const { registry } = await openRegistry()
    for (const slug of ['a', 'b']) await registry.register(ada, { card: cardText(), slug })
    const manifestOf = async (cursor?: string) => {
      const page = await registry.search(ada, { limit: 1, ...(cursor !== undefined && { cursor }) })
      const manifest = catalogManifest(page, URL, cursor === undefined)
      assert.deepEqual(check(CatalogManifest).violations(manifest), [])
      return { page, manifest }
    }
    const { page, manifest } = await manifestOf()
    const last = await manifestOf(page.nextCursor)

    assert.deepEqual(
      manifest.entries.map(({ type }) => type),
      ['application/ai-registry+json', 'application/a2a-agent-card+json', 'application/ai-catalog+json'],
    )
    assert.equal(manifest.entries[0]?.url, 'https://gw.example/base/ard/')
    assert.equal(
      manifest.entries[2]?.url,
      `https://gw.example/base/.well-known/ai-catalog.json?cursor=${page.nextCursor}`,
    )
    assert.deepEqual(
      last.manifest.entries.map(({ type }) => type),
      ['application/a2a-agent-card+json'],
    )
  })
})
