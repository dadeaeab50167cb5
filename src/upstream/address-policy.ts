import { BlockList, isIP } from 'node:net'
import { domainToASCII } from 'node:url'
import { ParleyError } from '../errors.ts'

/**
 * Which addresses one purpose may call: public ones and what `allow` names, or in demo mode only loopback.
 *
 * An entry of `allow` is `host`, `host:port`, `CIDR` or `CIDR:port`; a single address is a range of one, and IPv6 takes
 * brackets before a port (`[fd00::/8]:443`).
 */
export type AddressPolicy = { readonly allow: readonly string[] } | 'loopbackOnly'

/** `allowed`: named by the policy. `private`: only the policy could allow it. `never`: no policy can. */
export type Verdict = 'allowed' | 'public' | 'private' | 'never'

export type AddressRules = {
  readonly loopbackOnly: boolean
  /** Some addresses are allowed by range, so that a host name may turn out to be allowed once it is resolved. */
  readonly hasRanges: boolean
  readonly namesHost: (host: string, port: number) => boolean
  /**
   * Whether an entry with this very port covers the host, or its address. Without an address, a range with the port may
   * yet turn out to.
   */
  readonly namesPort: (port: number, host: string, address?: string) => boolean
  /** `address` is an IP literal without brackets. */
  readonly judge: (address: string, port: number) => Verdict
}

/** Throws `invalid_params` for an entry that is none of the four forms. */
export function parseAddressPolicy(policy: AddressPolicy): AddressRules {
  if (policy === 'loopbackOnly') {
    const judge = (address: string): Verdict => (isLoopback(address) ? 'allowed' : 'private')
    return { loopbackOnly: true, hasRanges: true, namesHost: () => false, namesPort: () => false, judge }
  }
  const entries = policy.allow.map(parseEntry)
  const ranges = entries.filter((entry) => 'range' in entry)
  const hosts = entries.filter((entry) => 'host' in entry)
  return {
    loopbackOnly: false,
    hasRanges: ranges.length > 0,
    namesHost: (host, port) => hosts.some((entry) => entry.host === bareHost(host) && onPort(entry, port)),
    namesPort(port, host, text) {
      const address = text === undefined ? undefined : canonical(text)
      const inRange = ({ range }: { readonly range: BlockList }) =>
        address === undefined || contains(range, address)
      return (
        hosts.some((entry) => entry.port === port && entry.host === bareHost(host)) ||
        ranges.some((entry) => entry.port === port && inRange(entry))
      )
    },
    judge(text, port) {
      const address = canonical(text)
      if (isMetadata(address)) return 'never'
      if (ranges.some((entry) => onPort(entry, port) && contains(entry.range, address))) return 'allowed'
      return isPublic(address) ? 'public' : 'private'
    },
  }
}

/** A host name as policies compare it: ASCII, lower case, without the dot of the DNS root. */
export const bareHost = (host: string): string => domainToASCII(host).replace(/\.$/, '')

/** `address` is an IP literal without brackets. */
export const isLoopback = (address: string): boolean => contains(LOOPBACK, canonical(address))

/** Names that clouds give their metadata services. What they resolve to is judged besides. */
export const isMetadataName = (host: string): boolean => METADATA_NAMES.has(bareHost(host))

type Family = 'ipv4' | 'ipv6'
/** `inside` is the IPv4 address that an IPv6 transition address leads to. */
type Address = { readonly text: string; readonly family: Family; readonly inside?: string }
type Entry =
  | { readonly range: BlockList; readonly port?: number }
  | { readonly host: string; readonly port?: number }

const onPort = (entry: Entry, port: number): boolean => entry.port === undefined || entry.port === port

const contains = (list: BlockList, address: Address): boolean => list.check(address.text, address.family)

function parseEntry(text: string): Entry {
  const entry = text.trim()
  const whole = parseRange(entry)
  if (whole !== undefined) return { range: whole }
  const [, target = entry, digits] = /^(.+):(\d{1,5})$/.exec(entry) ?? []
  const port = digits === undefined ? {} : { port: Number(digits) }
  const range = parseRange(target)
  if (range !== undefined) return { range, ...port }
  const host = /[/?#@\\:\s]/.test(target) ? '' : bareHost(target)
  if (/^[a-z\d_]([\w.-]*[a-z\d_])?$/.test(host)) return { host, ...port }
  throw new ParleyError('invalid_params', `"${text}" is not a host, host:port, CIDR or CIDR:port`)
}

function parseRange(text: string): BlockList | undefined {
  const [address = '', prefix, more] = (/^\[(.*)\]$/.exec(text)?.[1] ?? text).split('/')
  const version = isIP(address)
  if (version === 0 || more !== undefined || address.includes('%')) return undefined
  const bits = version === 4 ? 32 : 128
  if (prefix !== undefined && !(/^\d{1,3}$/.test(prefix) && Number(prefix) <= bits)) return undefined
  return listOf([`${address}/${prefix ?? bits}`])
}

function listOf(ranges: readonly string[]): BlockList {
  const list = new BlockList()
  for (const range of ranges) {
    const [address = '', prefix] = range.split('/')
    list.addSubnet(address, Number(prefix), isIP(address) === 4 ? 'ipv4' : 'ipv6')
  }
  return list
}

/**
 * IPv4-mapped addresses and the well-known NAT64 prefix reach an IPv4 host and are judged as that host. 6to4, Teredo,
 * IPv4-translated and IPv4-compatible addresses are kept and never public, but show the IPv4 address they carry.
 */
function canonical(text: string): Address {
  if (isIP(text) === 4) return { text, family: 'ipv4' }
  const groups = groupsOf(text)
  const ipv4 = (at: number, mask = 0): string => {
    const [high = 0, low = 0] = groups.slice(at, at + 2).map((group) => group ^ mask)
    return [high >> 8, high & 255, low >> 8, low & 255].join('.')
  }
  const startsWith = (...prefix: number[]): boolean => prefix.every((group, at) => groups[at] === group)
  if (startsWith(0, 0, 0, 0, 0, 0xffff) || startsWith(0x64, 0xff9b, 0, 0, 0, 0)) {
    return { text: ipv4(6), family: 'ipv4' }
  }
  const address = { text: groups.map((group) => group.toString(16)).join(':'), family: 'ipv6' } as const
  if (startsWith(0x2002)) return { ...address, inside: ipv4(1) }
  // Teredo writes the client's address with every bit turned over.
  if (startsWith(0x2001, 0)) return { ...address, inside: ipv4(6, 0xffff) }
  const isTranslated = startsWith(0, 0, 0, 0, 0xffff, 0)
  if (isTranslated || startsWith(0, 0, 0, 0, 0, 0) || startsWith(0x64, 0xff9b, 1))
    return { ...address, inside: ipv4(6) }
  return address
}

/** The eight 16-bit groups of an IPv6 address; a zone is left out. */
function groupsOf(text: string): readonly number[] {
  const [bare = ''] = text.split('%')
  const [head = '', tail] = new URL(`http://[${bare}]`).hostname.slice(1, -1).split('::')
  const parse = (part: string) =>
    part === '' ? [] : part.split(':').map((group) => Number.parseInt(group, 16))
  const left = parse(head)
  const right = parse(tail ?? '')
  return [...left, ...Array<number>(8 - left.length - right.length).fill(0), ...right]
}

function isMetadata(address: Address): boolean {
  if (contains(METADATA, address)) return true
  return address.inside !== undefined && METADATA.check(address.inside, 'ipv4')
}

const isPublic = (address: Address): boolean =>
  address.family === 'ipv4'
    ? !contains(NOT_PUBLIC, address)
    : contains(UNICAST, address) && !contains(NOT_PUBLIC, address)

const LOOPBACK = listOf(['127.0.0.0/8', '::1/128'])

/** Where clouds hand out credentials and configuration to whoever asks from inside. */
const METADATA = listOf([
  '169.254.169.0/24', // AWS, Azure, Google and most others
  '169.254.170.0/24', // AWS containers
  '100.100.100.200/32', // Alibaba
  '168.63.129.16/32', // Azure
  '192.0.0.192/32', // Oracle
  'fd00:ec2::/32', // AWS
  'fd20:ce::254/128', // Google
  'fe80::a9fe:a9fe/128', // OpenStack
])

const METADATA_NAMES: ReadonlySet<string> = new Set([
  'instance-data', // AWS
  'instance-data.ec2.internal',
  'metadata.google.internal', // Google
  'metadata.goog',
  'metadata.azure.internal', // Azure
  'metadata.packet.net', // Equinix
  'metadata.platformequinix.com',
  'metadata.tencentyun.com', // Tencent
])

/** Global unicast: all other IPv6 space is reserved, local or multicast. */
const UNICAST = listOf(['2000::/3'])

/** The IANA special-purpose registries, where an address is not globally reachable, and transition mechanisms. */
const NOT_PUBLIC = listOf([
  '0.0.0.0/8',
  '10.0.0.0/8',
  '100.64.0.0/10',
  '127.0.0.0/8',
  '169.254.0.0/16',
  '172.16.0.0/12',
  '192.0.0.0/24',
  '192.0.2.0/24',
  '192.88.99.0/24',
  '192.168.0.0/16',
  '198.18.0.0/15',
  '198.51.100.0/24',
  '203.0.113.0/24',
  '224.0.0.0/4',
  '240.0.0.0/4',
  '2001::/23',
  '2001:db8::/32',
  '2002::/16',
  '3fff::/20',
])
