/**
 * Every setting, as the environment spells it (each with the prefix `PARLEY_`): what it means and what it is when
 * unset. The only list; `--help` prints it.
 */
export const SETTINGS = {
  HOST: 'Address to listen on (127.0.0.1)',
  PORT: 'Port to listen on; 0 picks a free one (7420; 0 for a worker, which serves health and, on loopback, metrics)',
  PUBLIC_URL: 'How the world reaches this gateway (the listening address)',
  GRPC: 'gRPC listeners, comma-separated: port or host:port, each with an optional =agent as its default agent (none)',
  GRPC_PUBLIC_URL: 'How the world reaches each gRPC listener, in their order (the listening addresses)',
  TLS_CERT_FILE: 'Certificate chain in PEM; HTTP and gRPC are then served over TLS (none)',
  TLS_KEY_FILE: 'Private key of the certificate in PEM (none)',
  TLS_CLIENT_CA_FILE:
    'Authorities in PEM whose client certificates may prove who calls; needs CLIENT_CERTIFICATES_FILE (none)',
  CLIENT_CERTIFICATES_FILE: 'JSON file that says whom client certificates prove, see edge.md (none)',
  ROOT_AGENT:
    'Agent, by slug or id, whose card is served at /.well-known/agent-card.json of this host (directory)',
  STRICT_VERSION: '1: a request that declares no A2A version is one of 0.3, whatever it asks for (0)',
  DATA_DIR: 'Folder of the database and the generated keys (./data)',
  BACKEND: 'sqlite, or memory: nothing survives the process (sqlite)',
  ROLE: 'all, api (accepts calls) or worker (delivers); separate roles share one DATA_DIR (all)',
  ADMIN_KEY: 'The admin key, instead of a generated one',
  ADMIN_KEY_FILE: 'File that holds the admin key (DATA_DIR/admin.key, generated)',
  MASTER_KEY:
    'What stored secrets are encrypted with: 32 random bytes in base64; of several, comma-separated, the first encrypts and all decrypt (none)',
  MASTER_KEY_FILE: 'File that holds them, commas or line ends between them (DATA_DIR/master.key, generated)',
  SIGNING_KEY_ROTATION_MS: 'A key that Parley signs with is followed by another after this long (2592000000)',
  REGISTRATION: 'open, or approve: a new agent waits until an admin approves it (open)',
  ANONYMOUS: '1 or 0: calls without a credential see public agents (1 on loopback, else 0)',
  ALLOW_PLAINTEXT: '1 lets listeners beyond loopback serve without TLS (0)',
  TRUSTED_PROXIES:
    'Addresses or CIDRs of the proxies in front: they may end TLS, and say whom they call for (none)',
  FORWARDED:
    'How those proxies say it: x-forwarded (X-Forwarded-For and -Proto) or forwarded (RFC 7239) (x-forwarded)',
  CORS_ORIGINS: 'Origins, comma-separated, whose pages may call from a browser (none)',
  RATE_LIMIT:
    'Calls per second of one principal, with an optional :calls at once (twice as many), as 20:100; 0 is no limit (0)',
  AGENT_RATE_LIMIT: 'The same for sends to one agent, whoever makes them (0)',
  MAX_STREAMS: 'Streams that one principal may have open in this process (10000)',
  ALLOW_AGENTS:
    'Hosts and CIDRs, each with an optional :port, where agents may be besides public https (none)',
  ALLOW_CARDS: 'The same for cards and keys that are fetched by URL (as ALLOW_AGENTS)',
  ALLOW_IDENTITY: 'The same for identity providers (none)',
  ALLOW_ALERTS: 'The same for the URLs that alerts are sent to (none)',
  SMTP_URL:
    'Mail server for alerts, as smtps://user:password@host or smtp://host:587; a secret (none: no mail)',
  SMTP_URL_FILE: 'File that holds it (none)',
  SMTP_FROM: 'Address that mail comes from; needed with SMTP_URL (none)',
  ISSUERS_FILE: 'JSON file that lists the identity providers whose tokens are taken, see access.md (none)',
  ISSUERS: 'The same list as JSON text, instead of a file (none)',
  CARD_KEYS_FILE: 'JWK set of the keys that publishers sign cards with, trusted by their kid (none)',
  CARD_JKU:
    'URLs, comma-separated, at and below which key sets that signatures of cards name are trusted (none)',
  OUTBOUND_PROXY:
    'http or https URL of the proxy that calls go out through, except to hosts in NO_PROXY; none: no proxy (HTTPS_PROXY and HTTP_PROXY)',
  CA_FILE: 'Certificates in PEM that calls out trust besides the public ones (none)',
  CONCURRENCY: 'Deliveries at once in this process (128)',
  AGENT_CONCURRENCY: 'Deliveries at once to one agent from this process (64)',
  MAX_WAIT_MS: 'Longest blocking wait for an answer (55000)',
  TASK_STALE_MS: 'A task without progress fails after this long (86400000)',
  TASK_RETENTION_MS: 'Finished tasks are kept this long (2592000000)',
  CHANGES_RETENTION_MS: 'The change feed goes back so far (2592000000)',
  ALERTS_RETENTION_MS: 'Alerts that are over are kept this long (7776000000)',
  AUDIT_RETENTION_MS: 'Entries of the audit log are kept this long (34560000000)',
  HEARTBEAT_MS: 'Quiet streams say so this often (15000)',
  RECHECK_MS:
    'Open streams and long waits are checked this often for whether their caller may still have them (60000, which is the most)',
  PROBE_INTERVAL_MS:
    'Every agent is asked this often whether it works; 0 leaves them alone unless somebody asks for it (60000)',
  PROBE_TIMEOUT_MS: 'How long it may take to answer that (10000)',
  CARD_CHECK_MS: 'Cards that were registered by URL are looked at for changes this often; 0: never (3600000)',
  LOG_LEVEL: 'trace, debug, info, warn, error or silent (info)',
  OPS_PORT: 'A second, loopback port that serves /metrics without a credential (none)',
  DEMO: '1 starts the demo agent and prints a curl line; loopback only (0, and 1 under npm start)',
} as const

export type Setting = keyof typeof SETTINGS

export type Env = Readonly<Partial<Record<Setting, string>>>

const PREFIX = 'PARLEY_'

/** What programs have agreed to call the proxies they use; in lower case they come first, as with curl. */
export type ProxyVariables = Readonly<Partial<Record<(typeof PROXY_VARIABLES)[number], string>>>

const PROXY_VARIABLES = ['HTTPS_PROXY', 'HTTP_PROXY', 'NO_PROXY'] as const

/** What the process was started with. Nothing else reads the environment. */
export type Environment = {
  readonly env: Env
  /** `PARLEY_` variables that are no setting: most likely misspelt. */
  readonly unknown: readonly string[]
  readonly isProduction: boolean
  readonly proxyVariables: ProxyVariables
  /** All that child processes inherit: where to find programs. No settings, no secrets. */
  readonly childEnv: Readonly<Record<string, string>>
}

export function readEnvironment(
  variables: Readonly<Record<string, string | undefined>> = process.env,
): Environment {
  const env: Partial<Record<Setting, string>> = {}
  const unknown: string[] = []
  for (const [name, value] of Object.entries(variables)) {
    if (!name.startsWith(PREFIX) || value === undefined || value === '') continue
    const setting = name.slice(PREFIX.length)
    if (isSetting(setting)) env[setting] = value
    else unknown.push(name)
  }
  return {
    env,
    unknown,
    isProduction: variables.NODE_ENV === 'production',
    proxyVariables: Object.fromEntries(
      PROXY_VARIABLES.map((name) => [name, variables[name.toLowerCase()] || variables[name]]).filter(
        ([, value]) => value !== undefined && value !== '',
      ),
    ),
    childEnv: { PATH: variables.PATH ?? '' },
  }
}

const isSetting = (name: string): name is Setting => Object.hasOwn(SETTINGS, name)
