import assert from 'node:assert/strict'
import { textAt } from '../json-path.ts'
import type { readReply } from '../rpc.ts'

type Reply = Awaited<ReturnType<typeof readReply>>

export type ChannelSecrets = {
  /** Where whatever is sent comes back in the answer. */
  readonly server: string
  /** Notes the answer, which may hold no secret. */
  readonly ask: (
    name: string,
    method: string,
    path: string,
    sent?: { readonly body?: unknown },
  ) => Promise<Reply>
  /** A new secret. */
  readonly secret: (name: string, more?: string) => string
  /** A new secret of signatures, which has a form of its own. */
  readonly signing: (name: string) => string
}

/** Channels of every kind, which work and which do not, and bodies with secrets in the wrong place. */
export async function useChannels({ server, ask, secret, signing }: ChannelSecrets): Promise<void> {
  const at = (kind: string, name: string) => `${server}/${kind}/${encodeURIComponent(secret(name))}`
  for (const kind of ['good', 'careless', 'refuses', 'mumbles']) {
    const hook = {
      kind: 'webhook',
      name: `to ${kind}`,
      url: at(kind, `the URL of a webhook that is ${kind}`),
      secret: signing(`what is signed with for one that is ${kind}`),
    }
    const slack = { kind: 'slack', name: `slack ${kind}`, url: at(kind, `the URL of Slack that is ${kind}`) }
    for (const body of [hook, slack]) {
      const made = await ask(`making ${body.name}`, 'POST', '/alerts/channels', { body })
      assert.equal(made.status, 201, made.text)
      const path = `/alerts/channels/${textAt(made.body, 'id')}`
      await ask(`a test ${body.name}`, 'POST', `${path}/test`)
      await ask(`replacing ${body.name}`, 'PUT', path, { body: { kind: body.kind, name: 'renamed' } })
      await ask(`the channel ${body.name}`, 'GET', path)
    }
  }
  const mail = { kind: 'email', name: 'mail', to: ['ops@example.com'] }
  const made = await ask('making mail', 'POST', '/alerts/channels', { body: mail })
  assert.equal(made.status, 201, made.text)
  const sent = await ask('a test by mail', 'POST', `/alerts/channels/${textAt(made.body, 'id')}/test`)
  assert.match(sent.text, /refused the credentials of PARLEY_SMTP_URL/)

  const hook = { kind: 'webhook', name: 'x', url: `${server}/good` }
  for (const [name, body] of [
    ['a secret in the wrong form', { ...hook, secret: secret('a signing secret in the wrong form') }],
    ['a URL that is none', { ...hook, url: secret('a URL that is none') }],
    [
      'userinfo',
      { ...hook, url: `https://me:${encodeURIComponent(secret('userinfo of a channel'))}@h.example` },
    ],
    [
      'a forbidden URL',
      { ...hook, url: `https://10.0.0.1/${encodeURIComponent(secret('a forbidden URL'))}` },
    ],
    ['a kind that is none', { ...hook, kind: secret('a kind that is none') }],
    ['an address that is none', { ...mail, to: [secret('an address that is none')] }],
    ['a member too many', { ...hook, token: secret('a member too many of a channel') }],
  ] as const) {
    const refused = await ask(`a channel with ${name}`, 'POST', '/alerts/channels', { body })
    assert.equal(refused.status, 400, refused.text)
  }
  await ask('the channels', 'GET', '/alerts/channels')
}
