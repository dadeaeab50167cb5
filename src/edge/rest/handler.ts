import type { Version } from '../../a2a/version.ts'
import { ParleyError } from '../../errors.ts'
import type { EdgeDeps } from '../app-deps.ts'
import { admitCaller, beginOperation } from '../begin-operation.ts'
import { beginCall, type CallInProgress, CLIENT_GONE, finishCall } from '../call-in-progress.ts'
import { challengeOf } from '../challenge.ts'
import type { EdgeReply, EdgeRequest } from '../exchange.ts'
import { EXTENDED_CARD_HEADERS } from '../http/card-headers.ts'
import { jsonReply } from '../http/json-response.ts'
import { failureHeaders } from '../http/problem.ts'
import { openSse } from '../http/sse.ts'
import { limitHeaders } from '../limit-headers.ts'
import { isStream, STREAM } from '../operations.ts'
import { runUnary } from '../run-unary.ts'
import { declaredVersion, unsupportedVersion } from '../service-parameters.ts'
import { decode } from './decode.ts'
import { contentTypeFor, encodeError } from './encode.ts'
import { restStatus } from './errors.ts'
import { getRoute, isOf0_3 } from './routes.ts'
import { sourceOf } from './stream.ts'

/**
 * Answers A2A over plain HTTP for an agent (id or slug): 1.0 right below its address, 0.3 below `/v1`. `path` is what follows
 * the agent in the URL, as it was sent.
 */
export type RestHandler = (request: EdgeRequest, agent: string, path: string) => Promise<EdgeReply>

type Progress = CallInProgress & { readonly version: Version }

export function createRestHandler(deps: EdgeDeps): RestHandler {
  return async (request, agent, path) => {
    const progress: Progress = {
      ...beginCall(deps, request, 'rest', 'unknown'),
      version: isOf0_3(path) ? '0.3' : '1.0',
    }
    try {
      return await answer(deps, request, { agent, path }, progress)
    } catch (reason) {
      const error = ParleyError.from(reason)
      const { requestId, version } = progress
      const status = restStatus(error.code, version)
      finishCall(deps, progress, request.isClientGone ? CLIENT_GONE : status, error)
      return jsonReply(encodeError(error, requestId, version), requestId, status, {
        'content-type': contentTypeFor(request),
        ...failureHeaders(error, challengeOf(error, request, deps.addresses().http)),
        ...limitHeaders(progress.spent),
      })
    }
  }
}

async function answer(
  deps: EdgeDeps,
  request: EdgeRequest,
  { agent, path }: { readonly agent: string; readonly path: string },
  progress: Progress,
): Promise<EdgeReply> {
  const principal = await admitCaller(deps, request, progress)

  const found = getRoute(request.method, path)
  const { operation } = found.route
  const { dialect } = found
  progress.operation = operation
  const declared = declaredVersion(request, deps.settings.strictVersion)
  if (declared !== undefined && declared !== dialect.version) {
    throw unsupportedVersion(`A2A ${declared} is not spoken at this path, which is of ${dialect.version}`)
  }
  const { requestId } = progress
  const begun = beginOperation(deps, {
    operation,
    dialect,
    principal,
    agent,
    request: await decode(found, request, deps.settings.maxBodyBytes),
    exchange: request,
    progress,
  })
  const { call, entitlement, headers } = begun
  if (isStream(operation)) {
    const source = sourceOf(dialect, operation, requestId, recordEnd(deps, progress))
    return openSse(deps, () => STREAM[operation](call), source, {
      request,
      entitlement,
      requestId,
      headers,
    })
  }
  const result = await runUnary(deps, operation, begun, request)
  finishCall(deps, progress, OK)
  return jsonReply(dialect.encodeResult(operation, result), requestId, OK, {
    'content-type': contentTypeFor(request),
    ...(operation === 'GetExtendedAgentCard' ? EXTENDED_CARD_HEADERS : {}),
    ...headers(),
  })
}

const OK = 200

/** Made apart from the call, so that an open stream does not keep what the call was asked with. */
const recordEnd = (deps: EdgeDeps, progress: Progress) => (error?: ParleyError) =>
  finishCall(deps, progress, OK, error)
