import assert from 'node:assert/strict'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, it } from 'node:test'
import type { ParleyError } from '../errors.ts'
import { mailServerOf } from './mail-server.ts'

const SMTP_FROM = 'parley@example.org'

describe('the mail server', () => {
  it('is none unless it is named', () => {
    assert.equal(mailServerOf({}), undefined)
  })

  it('is reached over TLS, or by STARTTLS, at the port of that', () => {
    assert.deepEqual(mailServerOf({ SMTP_URL: 'smtps://me:p%40ss@mail.example', SMTP_FROM }), {
      host: 'mail.example',
      port: 465,
      isTls: true,
      auth: { user: 'me', pass: 'p@ss' },
      from: SMTP_FROM,
    })
    const inside = mailServerOf({ SMTP_URL: 'smtp://[fd00::1]', SMTP_FROM })
    assert.deepEqual(inside, { host: 'fd00::1', port: 587, isTls: false, from: SMTP_FROM })
    assert.equal(mailServerOf({ SMTP_URL: 'smtp://mail.example:2525/', SMTP_FROM })?.port, 2525)
  })

  it('may be named in a file', (t) => {
    const folder = mkdtempSync(join(tmpdir(), 'parley-mail-'))
    t.after(() => rmSync(folder, { recursive: true }))
    const path = join(folder, 'url')
    writeFileSync(path, 'smtps://me:secret@mail.example\n')

    assert.equal(mailServerOf({ SMTP_URL_FILE: path, SMTP_FROM })?.auth?.pass, 'secret')
  })

  for (const env of [
    { SMTP_FROM },
    { SMTP_URL: 'smtps://me:s3cret@mail.example' },
    { SMTP_URL: 'smtps://me:s3cret@mail.example', SMTP_FROM: 'no address' },
    { SMTP_URL: 'smtps://me:s3cret@mail.example', SMTP_FROM: 'a@b\r\nBcc: c@d' },
    { SMTP_URL: 'https://me:s3cret@mail.example', SMTP_FROM },
    { SMTP_URL: 'smtps://me:s3cret@mail.example/path', SMTP_FROM },
    { SMTP_URL: 'smtps://me:s3cret%zz@mail.example', SMTP_FROM },
    { SMTP_URL: 's3cret', SMTP_FROM },
    { SMTP_URL: 'smtps://s3cret@mail.example', SMTP_URL_FILE: '/none', SMTP_FROM },
    { SMTP_URL_FILE: '/none', SMTP_FROM },
  ]) {
    it(`is refused, by the setting and without its value: ${JSON.stringify(env)}`, () => {
      assert.throws(
        () => mailServerOf(env),
        ({ code, message }: ParleyError) =>
          code === 'invalid_params' && /PARLEY_SMTP_(URL|FROM)/.test(message) && !message.includes('s3cret'),
      )
    })
  }
})
