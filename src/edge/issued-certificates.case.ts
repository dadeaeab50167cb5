import { generateKeyPairSync, type KeyObject, randomBytes, sign } from 'node:crypto'

/** An authority that a test makes, and whoever it makes certificates for. All in PEM. */
export type Identity = { readonly cert: string; readonly key: string }

export type Authority = Identity & { readonly issue: (wanted: Wanted) => Identity }

export type Wanted = {
  readonly commonNames?: readonly string[]
  readonly dns?: readonly string[]
  readonly uris?: readonly string[]
  readonly addresses?: readonly string[]
  /** Milliseconds since the Unix epoch; far away unless told. */
  readonly from?: number
  readonly until?: number
}

/** DER by tag and content (X.690). */
function der(tag: number, ...contents: readonly Uint8Array[]): Buffer {
  const content = Buffer.concat(contents)
  const { length } = content
  const size = length < 128 ? [length] : length < 256 ? [0x81, length] : [0x82, length >> 8, length & 0xff]
  return Buffer.concat([Buffer.from([tag, ...size]), content])
}

const sequence = (...items: readonly Uint8Array[]): Buffer => der(0x30, ...items)
const oid = (...bytes: readonly number[]): Buffer => der(0x06, Buffer.from(bytes))
const ECDSA_SHA256 = sequence(oid(0x2a, 0x86, 0x48, 0xce, 0x3d, 0x04, 0x03, 0x02))

const nameOf = (commonNames: readonly string[]): Buffer =>
  sequence(
    ...commonNames.map((name) => der(0x31, sequence(oid(0x55, 0x04, 0x03), der(0x0c, Buffer.from(name))))),
  )

const timeOf = (ms: number): Buffer =>
  der(0x18, Buffer.from(new Date(ms).toISOString().replace(/[-:T]|\.\d+/g, '')))

const extension = (id: number, value: Uint8Array): Buffer => sequence(oid(0x55, 0x1d, id), der(0x04, value))

function extensionsOf({ dns = [], uris = [], addresses = [] }: Wanted, isAuthority: boolean): Buffer {
  const names = [
    ...dns.map((name) => der(0x82, Buffer.from(name))),
    ...uris.map((uri) => der(0x86, Buffer.from(uri))),
    ...addresses.map((address) => der(0x87, Buffer.from(address.split('.').map(Number)))),
  ]
  return der(
    0xa3,
    sequence(
      extension(0x13, sequence(...(isAuthority ? [der(0x01, Buffer.from([0xff]))] : []))),
      ...(names.length === 0 ? [] : [extension(0x11, sequence(...names))]),
    ),
  )
}

type Issuing = { readonly issuer: Buffer; readonly key: KeyObject; readonly isAuthority: boolean }

const CENTURY_MS = 100 * 365 * 24 * 3_600_000

function certificate(wanted: Wanted, publicKey: KeyObject, { issuer, key, isAuthority }: Issuing): string {
  const body = sequence(
    der(0xa0, der(0x02, Buffer.from([2]))),
    der(0x02, Buffer.from([0x01, ...randomBytes(8)])),
    ECDSA_SHA256,
    issuer,
    sequence(timeOf(wanted.from ?? Date.UTC(2020)), timeOf(wanted.until ?? Date.UTC(2020) + CENTURY_MS)),
    nameOf(wanted.commonNames ?? []),
    publicKey.export({ type: 'spki', format: 'der' }),
    extensionsOf(wanted, isAuthority),
  )
  const signature = der(0x03, Buffer.from([0]), sign('sha256', body, key))
  const lines =
    sequence(body, ECDSA_SHA256, signature)
      .toString('base64')
      .match(/.{1,64}/g) ?? []
  return `-----BEGIN CERTIFICATE-----\n${lines.join('\n')}\n-----END CERTIFICATE-----\n`
}

const newPair = () => generateKeyPairSync('ec', { namedCurve: 'P-256' })
const pem = (key: KeyObject): string => key.export({ type: 'pkcs8', format: 'pem' }).toString()

export function newAuthority(name = 'test authority'): Authority {
  const own = newPair()
  const issuer = nameOf([name])
  const cert = certificate({ commonNames: [name] }, own.publicKey, {
    issuer,
    key: own.privateKey,
    isAuthority: true,
  })
  return {
    cert,
    key: pem(own.privateKey),
    issue(wanted) {
      const { publicKey, privateKey } = newPair()
      const issued = certificate(wanted, publicKey, { issuer, key: own.privateKey, isAuthority: false })
      return { cert: issued, key: pem(privateKey) }
    },
  }
}
