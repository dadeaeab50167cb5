import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Alert } from '../alerts/alert.ts'
import { apiBody, webhookBody } from './alertmanager-body.ts'
import { NOW } from './loopback-server.case.ts'
import { mailText } from './mail-text.ts'
import { firing } from './open-alert-sender.case.ts'
import { slackBody } from './slack-body.ts'

const URL_HERE = 'https://parley.example'
const EVIL = [
  'line\r\nBcc: victim@example.com\r\n\r\nhello',
  '<!channel> <@U123> <https://evil.example|your bank>',
  '@channel @here @everyone `@all` ```@all```',
  '[click](https://evil.example) ![x](https://evil.example/x.png) | *bold* _it_ ~no~',
  'a\u202egnp.exe \u200b\u2066hidden\u2069 \u0000\u0007\u001b[31m \u2028',
  'x'.repeat(10_000),
  '\ud800 half a character',
  '````',
  '',
]

const hostile = (text: string): Alert => ({
  ...firing,
  ruleName: text,
  agentSlug: text,
  summary: text,
  cause: { agentId: firing.agentId, agentSlug: text },
  victims: [{ agentId: firing.agentId, agentSlug: text }],
})

const INVISIBLE = /[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]/u

test('Whatever an alert holds is text, one line and short, in the formats of Alertmanager', () => {
  for (const text of EVIL) {
    const options = { receiver: text, externalUrl: URL_HERE, now: NOW }
    const { alerts, receiver } = JSON.parse(webhookBody(hostile(text), options))
    const [posted] = JSON.parse(apiBody(hostile(text), options))
    for (const { labels, annotations } of [...alerts, posted]) {
      for (const value of [...Object.values(labels), ...Object.values(annotations), receiver]) {
        assert.doesNotMatch(String(value), INVISIBLE)
        assert.ok(String(value).length <= 1000, `${String(value).length}`)
      }
    }
  }
})

test('In Slack, and those who follow it, nobody is mentioned, nothing is linked and nothing formatted', () => {
  for (const text of EVIL) {
    const { text: said } = JSON.parse(slackBody(hostile(text), URL_HERE))
    assert.doesNotMatch(said.replaceAll('\n', ''), INVISIBLE)
    assert.doesNotMatch(said, /[<>]/)
    assert.ok(said.length < 4000, `${said.length}`)
    // Outside of code there are only our own words.
    const outside = said.replaceAll(/`[^`]+`/g, 'CODE')
    assert.equal(
      outside,
      [
        '*FIRING critical* CODE · agent CODE',
        'CODE',
        'Because this one is down: CODE',
        'Not well because of it: CODE',
        `${URL_HERE}/agents/agent-1`,
      ].join('\n'),
    )
  }
})

test('Mail has one subject in one line, and no more lines than it has things to say', () => {
  const { text: plain } = mailText(hostile('x'), URL_HERE)
  for (const text of EVIL) {
    const mail = mailText(hostile(text), URL_HERE)
    assert.doesNotMatch(mail.subject, INVISIBLE)
    assert.ok(mail.subject.length <= 200)
    assert.equal(mail.text.split('\n').length, plain.split('\n').length)
    assert.doesNotMatch(mail.text.replaceAll('\n', ''), INVISIBLE)
  }
})

test('A test says that it is one, however it is told', () => {
  const alert: Alert = { ...firing, isTest: true }
  const options = { receiver: 'r', externalUrl: URL_HERE, now: NOW }

  assert.equal(JSON.parse(webhookBody(alert, options)).commonLabels.test, 'true')
  assert.equal(JSON.parse(apiBody(alert, options))[0].labels.test, 'true')
  assert.match(JSON.parse(slackBody(alert, URL_HERE)).text, /^\*TEST, nothing is wrong\*/)
  assert.match(mailText(alert, URL_HERE).subject, /^\[TEST\]/)
})
