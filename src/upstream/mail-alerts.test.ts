import assert from 'node:assert/strict'
import { lookup } from 'node:dns/promises'
import { hostname } from 'node:os'
import { describe, test } from 'node:test'
import { createEgress } from './egress.ts'
import { createGuard } from './guard.ts'
import { failureOf, firing, openAlertSender, resolved, sending } from './open-alert-sender.case.ts'
import { openSmtpServer, type SmtpOptions } from './smtp-server.case.ts'
import { CERTIFICATE } from './tls-identity.case.ts'

const target = { kind: 'email', to: ['ops@example.com', 'night@example.com'] } as const

const trusting = createGuard({ policies: {}, egress: createEgress({ extraCa: CERTIFICATE }) })

async function openBoth(
  options: SmtpOptions = {},
  more: { readonly auth?: { user: string; pass: string } } = {},
) {
  const server = await openSmtpServer(options)
  const mailServer = {
    host: '127.0.0.1',
    port: server.port,
    isTls: false,
    from: 'parley@example.org',
    ...more,
  }
  const sender = openAlertSender({ mailServer, guard: trusting })
  return {
    server,
    sender,
    mailServer,
    async [Symbol.asyncDispose]() {
      await sender[Symbol.asyncDispose]()
      await server[Symbol.asyncDispose]()
    },
  }
}

const headerOf = (mail: string, name: string): string | undefined =>
  new RegExp(`^${name}: (.*(?:\\n[ \\t].*)*)$`, 'im').exec(mail.split('\n\n')[0] ?? '')?.[1]

describe('an alert by mail', () => {
  test('reaches everybody as plain text, firing and resolved', async () => {
    await using both = await openBoth()
    await both.sender.send(target, firing, sending)
    await both.sender.send(target, resolved, { ...sending, id: 'news-2' })

    const [first, second] = both.server.mails
    assert.equal(first?.from, '<parley@example.org>')
    assert.deepEqual(first?.to, ['<ops@example.com>', '<night@example.com>'])
    assert.equal(headerOf(first?.text ?? '', 'subject'), '[FIRING] critical: shop: Shop is down')
    assert.equal(headerOf(first?.text ?? '', 'message-id'), '<news-1@example.org>')
    assert.equal(headerOf(first?.text ?? '', 'auto-submitted'), 'auto-generated')
    assert.match(headerOf(first?.text ?? '', 'content-type') ?? '', /^text\/plain/)
    assert.match(first?.text ?? '', /^shop is down: it cannot be reached$/m)
    assert.match(headerOf(second?.text ?? '', 'subject') ?? '', /^\[RESOLVED\]/)
  })

  test('is encrypted where the server offers that, and only to one that is trusted', async () => {
    await using both = await openBoth({ offersTls: true }, { auth: { user: 'me', pass: 'pass word' } })
    await both.sender.send(target, firing, sending)
    assert.equal(both.server.mails[0]?.isEncrypted, true)
    assert.ok(
      both.server.lines.indexOf('STARTTLS') < both.server.lines.findIndex((line) => line.startsWith('AUTH')),
    )

    await using stranger = openAlertSender({ mailServer: both.mailServer })
    const failure = await failureOf(stranger, target)
    assert.equal(failure.isTemporary, true)
    assert.equal(both.server.mails.length, 1)
  })

  test('lets no text become a header', async () => {
    await using both = await openBoth()
    const text = 'shop\r\nBcc: victim@example.com\r\n\r\n.\r\nQUIT\r\n'
    await both.sender.send(target, { ...firing, ruleName: text, agentSlug: text, summary: text }, sending)

    const [mail] = both.server.mails
    assert.equal(both.server.mails.length, 1)
    assert.deepEqual(mail?.to, ['<ops@example.com>', '<night@example.com>'])
    assert.equal(headerOf(mail?.text ?? '', 'bcc'), undefined)
    assert.match(headerOf(mail?.text ?? '', 'subject') ?? '', /Bcc: victim@example\.com/)
  })

  for (const [step, answer, isTemporary, message] of [
    ['EHLO', '500 closed', true, /answered 500/],
    ['AUTH', '535 who?', true, /refused the credentials of PARLEY_SMTP_URL/],
    ['MAIL', '451 later', true, /answered 451/],
    ['RCPT', '550 unknown', false, /answered 550/],
    ['DATA', '554 no', false, /answered 554/],
    ['MAIL', null, true, /cannot be reached, or ended/],
  ] as const) {
    test(`is ${isTemporary ? 'tried again' : 'given up'} after ${answer ?? 'the end'} to ${step}, and tells nothing else of it`, async () => {
      await using both = await openBoth(
        { answers: { [step]: answer } },
        { auth: { user: 'me', pass: 's3cret' } },
      )
      const failure = await failureOf(both.sender, target)

      assert.match(failure.message, message)
      assert.doesNotMatch(failure.message, /s3cret|later|unknown|who|closed/)
      assert.equal(failure.isTemporary, isTemporary)
      assert.equal(both.server.mails.length, 0)
    })
  }

  test('says which of several addresses were refused by how many, and that the others have it', async () => {
    await using both = await openBoth({ answers: { 'RCPT TO:<night': '550 unknown' } })
    const failure = await failureOf(both.sender, target)

    assert.deepEqual([failure.isTemporary, failure.mayHaveArrived], [false, true])
    assert.match(failure.message, /refused 1 of the addresses/)
    assert.equal(both.server.mails.length, 1)
  })

  test('needs a mail server', async () => {
    await using sender = openAlertSender()

    assert.match(sender.refusalOf(target)?.hint ?? '', /PARLEY_SMTP_URL/)
    assert.match((await failureOf(sender, target)).message, /PARLEY_SMTP_URL/)
  })

  test('is not sent in the clear to a server that another machine may be', async (t) => {
    const name = hostname()
    const addresses = await lookup(name, { all: true }).catch(() => [])
    if (addresses[0]?.address !== '127.0.0.1') return t.skip('the name of this machine leads elsewhere')
    await using both = await openBoth()
    const mailServer = { ...both.mailServer, host: name }
    await using sender = openAlertSender({ mailServer, guard: trusting })
    const failure = await failureOf(sender, target)

    assert.equal(failure.isTemporary, true)
    assert.ok(both.server.lines.includes('STARTTLS'))
    assert.equal(both.server.mails.length, 0)
  })
})
