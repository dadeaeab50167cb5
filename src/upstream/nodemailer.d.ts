/** All of the package that sending alerts takes. */
declare module 'nodemailer' {
  import type { SecureContext, SecureVersion } from 'node:tls'

  type Address = { readonly name: string; readonly address: string }

  type Message = {
    readonly envelope: { readonly from: string; readonly to: readonly string[] }
    readonly from: Address
    readonly to: readonly Address[]
    readonly subject: string
    readonly text: string
    readonly messageId: string
    readonly headers: Readonly<Record<string, string>>
    readonly signal: AbortSignal
  }

  /** What `sendMail` rejects with. */
  export type MailError = Error & {
    readonly code?: string
    /** What the server answered, where it answered. */
    readonly responseCode?: number
    /** What was under way. */
    readonly command?: string
  }

  export type Transporter = {
    /** Rejects when no address was accepted. */
    sendMail(message: Message): Promise<{ readonly rejected: readonly unknown[] }>
    close(): void
  }

  export function createTransport(options: {
    readonly host: string
    readonly port: number
    readonly secure: boolean
    readonly requireTLS: boolean
    readonly auth?: { readonly user: string; readonly pass: string }
    readonly tls: { readonly minVersion: SecureVersion; readonly secureContext?: SecureContext }
    readonly connectionTimeout: number
    readonly greetingTimeout: number
    readonly socketTimeout: number
    readonly dnsTimeout: number
    readonly disableFileAccess: boolean
    readonly disableUrlAccess: boolean
    readonly logger: false
  }): Transporter
}
