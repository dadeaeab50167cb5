import { isObject } from '../../a2a/json-object.ts'
import type { Version } from '../../a2a/version.ts'
import { parseJson, type Wire } from '../../a2a/wire.ts'
import { ParleyError } from '../../errors.ts'
import type { HeaderSource } from '../exchange.ts'
import { declaredVersion, unsupportedVersion } from '../service-parameters.ts'
import type { GrpcMethod } from './methods.ts'

/**
 * A request's bytes as the JSON of its version, `maxBytes` of it at most. Throws `payload_too_large`, `parse_error` or
 * `invalid_params`.
 */
export function decode({ request }: GrpcMethod, bytes: Buffer, maxBytes: number): Wire<unknown> {
  const text = request.decode(bytes, maxBytes)
  return { value: parseJson(text), text }
}

const TIMEOUT_UNITS_MS = { H: 3_600_000, M: 60_000, S: 1000, m: 1, u: 0.001, n: 0.000_001 } as const

/** How long the client waits for the answer. Throws `invalid_params` for what is no timeout. */
export function timeoutMsOf(parameters: HeaderSource): number | undefined {
  const text = parameters.header('grpc-timeout')
  if (text === undefined) return undefined
  const [, digits, unit] = /^(\d{1,8})([HMSmun])$/.exec(text) ?? []
  if (digits !== undefined) return Number(digits) * TIMEOUT_UNITS_MS[unit as keyof typeof TIMEOUT_UNITS_MS]
  throw new ParleyError(
    'invalid_params',
    'grpc-timeout must be up to eight digits and one of H, M, S, m, u, n',
  )
}

/** Throws `version_not_supported` when the client declares another version than the service's, or none where it must. */
export function requireVersion(parameters: HeaderSource, spoken: Version, isStrict: boolean): void {
  const declared = declaredVersion(parameters, isStrict)
  if (declared === undefined || declared === spoken) return
  throw unsupportedVersion(`A2A ${declared} is not spoken by this service, which is of ${spoken}`)
}

/**
 * The agent (id or slug) that a call is for: by the request's `tenant` in 1.0, by the metadata key `parley-agent` in 0.3,
 * which has no such member; else the listener's own. Throws `invalid_params` when nothing names one.
 */
export function agentOf(
  spoken: Version,
  request: unknown,
  parameters: HeaderSource,
  defaultAgent: string | undefined,
): string {
  const named = spoken === '0.3' ? parameters.header('parley-agent') : tenantOf(request)
  const agent = named || defaultAgent
  if (agent) return agent
  throw new ParleyError(
    'invalid_params',
    spoken === '0.3'
      ? 'Name the agent, by id or slug, in the metadata key parley-agent: this listener has no default agent'
      : "Name the agent, by id or slug, in the request's tenant: this listener has no default agent",
  )
}

const tenantOf = (request: unknown): string | undefined =>
  isObject(request) && typeof request.tenant === 'string' ? request.tenant : undefined
