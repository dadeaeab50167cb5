import { membersOf, objectText, textOf, withMembers } from '../a2a/json-text.ts'
import type { Wire } from '../a2a/wire.ts'
import type { AgentCallOptions, AgentFailure } from '../delivery/agent-client.ts'
import { invalidAnswer, member, rpcRefusal } from './agent-failures.ts'
import { type Binding, type BindingDeps, callAgent, decodeJson, isEventStream, isObject } from './binding.ts'
import type { HttpAnswer } from './http.ts'
import { type EventLimits, readEvents } from './sse.ts'

type RpcCall = {
  readonly via: Parameters<Binding['send']>[0]
  readonly method: string
  readonly params: string
  readonly accept: string
  readonly firstByteTimeoutMs: number
  readonly options: AgentCallOptions
}

const UNARY = 'application/json'
const STREAM = 'text/event-stream, application/json'

/** JSON-RPC over HTTP (A2A 1.0 §9). */
export function createJsonRpc(deps: BindingDeps): Binding {
  const { limits } = deps
  const post = (id: string, call: RpcCall): Promise<HttpAnswer> =>
    callAgent(deps, {
      ...call,
      method: 'POST',
      path: '',
      contentType: 'application/json',
      body: `{"jsonrpc":"2.0","id":${textOf(id)},"method":${textOf(call.method)},"params":${call.params}}`,
      refusalIn: (body) => rpcRefusal(member(body, 'error')),
    })

  async function unary(call: RpcCall): Promise<Wire<unknown>> {
    const id = deps.newId()
    const answer = await post(id, call)
    if (isEventStream(answer)) {
      answer.discard()
      throw invalidAnswer('is a stream where one result was asked for')
    }
    return resultOf(await answer.text(limits.maxTaskBytes), id)
  }

  async function* stream(call: RpcCall, events: EventLimits): AsyncGenerator<Wire<unknown>, void> {
    const id = deps.newId()
    const answer = await post(id, call)
    if (!isEventStream(answer)) yield resultOf(await answer.text(limits.maxTaskBytes), id)
    else for await (const data of readEvents(answer.chunks(), events)) yield resultOf(data, id)
  }

  return {
    stream: (via, request, options) =>
      stream(
        {
          via,
          method: 'SendStreamingMessage',
          params: withTenant(request, via.tenant),
          accept: STREAM,
          firstByteTimeoutMs: limits.firstByteTimeoutMs,
          options,
        },
        limits,
      ),
    send: (via, request, options) =>
      unary({
        via,
        method: 'SendMessage',
        params: withTenant(request, via.tenant),
        accept: UNARY,
        firstByteTimeoutMs: limits.silentTimeoutMs,
        options,
      }),
    subscribe: (via, agentTaskId, options) =>
      stream(
        {
          via,
          method: 'SubscribeToTask',
          params: idParams(via.tenant, agentTaskId),
          accept: STREAM,
          firstByteTimeoutMs: limits.firstByteTimeoutMs,
          options,
        },
        { maxEventBytes: limits.maxEventBytes, maxFirstEventBytes: limits.maxTaskBytes },
      ),
    getTask: (via, agentTaskId, options) =>
      unary({
        via,
        method: 'GetTask',
        params: idParams(via.tenant, agentTaskId),
        accept: UNARY,
        firstByteTimeoutMs: limits.firstByteTimeoutMs,
        options,
      }),
    cancelTask: (via, agentTaskId, metadata, options) =>
      unary({
        via,
        method: 'CancelTask',
        params: idParams(via.tenant, agentTaskId, metadata),
        accept: UNARY,
        firstByteTimeoutMs: limits.firstByteTimeoutMs,
        options,
      }),
  }
}

const tenantText = (tenant: string | undefined): string | undefined =>
  tenant === undefined || tenant === '' ? undefined : textOf(tenant)

/** The agent's interface says which tenant; one that a client gave was meant for us. */
const withTenant = (request: string, tenant: string | undefined): string =>
  withMembers(request, { tenant: tenantText(tenant) })

const idParams = (tenant: string | undefined, id: string, metadata?: string): string =>
  objectText([
    ['tenant', tenantText(tenant)],
    ['id', textOf(id)],
    ['metadata', metadata],
  ])

/** The `result` of a JSON-RPC response, or its error as a failure. */
function resultOf(text: string, id: string): Wire<unknown> {
  const response = decodeJson(text)
  if (!isObject(response.value) || member(response.value, 'jsonrpc') !== '2.0') {
    throw invalidAnswer('is not a JSON-RPC 2.0 response')
  }
  const error = member(response.value, 'error') ?? undefined
  const answered = member(response.value, 'id')
  // An agent that could not read the request's id answers with null (JSON-RPC 2.0 §5).
  if (answered !== id && !(error !== undefined && answered === null)) {
    throw invalidAnswer('carries the id of another request')
  }
  const result = membersOf(response.text).get('result')
  if (error !== undefined) throw refusalOf(error, result)
  if (result === undefined) throw invalidAnswer('has neither a result nor an error')
  return { value: member(response.value, 'result'), text: result }
}

function refusalOf(error: unknown, result: string | undefined): AgentFailure {
  if (result !== undefined && result !== 'null') return invalidAnswer('has both a result and an error')
  return rpcRefusal(error) ?? invalidAnswer('has an error without a code')
}
