import { once } from 'node:events'
import { createServer, type Socket } from 'node:net'
import { createInterface } from 'node:readline'
import { TLSSocket } from 'node:tls'
import { CERTIFICATE, PRIVATE_KEY } from './tls-identity.case.ts'

export type ReceivedMail = {
  readonly from: string
  readonly to: readonly string[]
  /** Headers and body as they came, the lines without what escapes their dots. */
  readonly text: string
  readonly isEncrypted: boolean
}

export type SmtpServer = AsyncDisposable & {
  readonly port: number
  readonly mails: readonly ReceivedMail[]
  /** Every line that came, of all connections. */
  readonly lines: readonly string[]
}

export type SmtpOptions = {
  readonly offersTls?: boolean
  /** The answer to a command that begins so, instead of the usual one; `null` ends the connection. */
  readonly answers?: Readonly<Record<string, string | null | ((line: string) => string)>>
}

/** A mail server on loopback that speaks just enough of RFC 5321 to be given mail, and keeps it. */
export async function openSmtpServer({
  offersTls = false,
  answers = {},
}: SmtpOptions = {}): Promise<SmtpServer> {
  const mails: ReceivedMail[] = []
  const lines: string[] = []
  const sockets = new Set<Socket>()

  async function converse(socket: Socket, isEncrypted: boolean): Promise<void> {
    const say = (text: string) => socket.write(`${text}\r\n`)
    let from = ''
    let to: string[] = []
    let data: string[] | undefined
    let isUpgrading = false
    for await (const line of createInterface({ input: socket, crlfDelay: Number.POSITIVE_INFINITY })) {
      lines.push(line)
      if (data !== undefined) {
        if (line !== '.') data.push(line.replace(/^\./, ''))
        else {
          mails.push({ from, to, text: data.join('\n'), isEncrypted })
          data = undefined
          say('250 kept')
        }
        continue
      }
      const scripted = Object.keys(answers).find((start) => line.startsWith(start))
      const answer = scripted === undefined ? undefined : answers[scripted]
      if (answer === null) return void socket.destroy()
      if (answer !== undefined) {
        say(typeof answer === 'string' ? answer : answer(line))
      } else if (line.startsWith('EHLO')) {
        say(
          offersTls && !isEncrypted
            ? '250-here\r\n250-STARTTLS\r\n250 AUTH PLAIN'
            : '250-here\r\n250 AUTH PLAIN',
        )
      } else if (line === 'STARTTLS') {
        say('220 go on')
        isUpgrading = true
        break
      } else if (line.startsWith('AUTH')) say('235 let in')
      else if (line.startsWith('MAIL FROM:')) {
        from = line.slice('MAIL FROM:'.length)
        to = []
        say('250 ok')
      } else if (line.startsWith('RCPT TO:')) {
        to.push(line.slice('RCPT TO:'.length))
        say('250 ok')
      } else if (line === 'DATA') {
        data = []
        say('354 go on')
      } else if (line === 'QUIT') {
        say('221 bye')
        socket.end()
      } else say('500 what?')
    }
    if (!isUpgrading) return
    const secure = new TLSSocket(socket, { isServer: true, cert: CERTIFICATE, key: PRIVATE_KEY })
    secure.on('error', () => {})
    await converse(secure, true)
  }

  const server = createServer((socket) => {
    sockets.add(socket)
    socket.on('error', () => {})
    socket.write('220 here\r\n')
    void converse(socket, false).catch(() => {
      // The client went, as it may.
    })
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const address = server.address()
  return {
    port: typeof address === 'object' && address !== null ? address.port : 0,
    mails,
    lines,
    async [Symbol.asyncDispose]() {
      for (const socket of sockets) socket.destroy()
      server.close()
      await once(server, 'close')
    },
  }
}
