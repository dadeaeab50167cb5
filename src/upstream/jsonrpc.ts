import { isObject } from '../a2a/json-object.ts'
import { membersOf, textOf } from '../a2a/json-text.ts'
import type { Operation } from '../a2a/operation.ts'
import type { Version } from '../a2a/version.ts'
import type { Wire } from '../a2a/wire.ts'
import type { AgentFailure } from '../delivery/agent-client.ts'
import { invalidAnswer, member, rpcRefusal } from './agent-failures.ts'
import type { AgentCall, Binding, BindingDeps } from './binding.ts'
import { callAgent } from './call-agent.ts'
import type { HttpAnswer } from './http.ts'
import { decodeJson, eventTexts, resultText } from './read-answer.ts'
import { firstByteTimeoutMs } from './upstream-limits.ts'

const UNARY = 'application/json'
const STREAM = 'text/event-stream, application/json'

/** JSON-RPC over HTTP (A2A 1.0 §9; 0.3 §3.2.1). `methodOf` names the operations as `version` does. */
export function createJsonRpc(
  deps: BindingDeps,
  version: Version,
  methodOf: (operation: Operation) => string,
): Binding {
  const { limits } = deps
  const post = (id: string, operation: Operation, accept: string, call: AgentCall): Promise<HttpAnswer> =>
    callAgent(deps, {
      version,
      via: call.via,
      options: call.options,
      authorisation: call.authorisation,
      method: 'POST',
      path: '',
      accept,
      contentType: 'application/json',
      body: `{"jsonrpc":"2.0","id":${textOf(id)},"method":${textOf(methodOf(operation))},"params":${call.request}}`,
      firstByteTimeoutMs: firstByteTimeoutMs(limits, operation),
      refusalIn: (body) => rpcRefusal(member(body, 'error')),
    })

  return {
    async unary(operation, call) {
      const id = deps.newId()
      return resultOf(await resultText(await post(id, operation, UNARY, call), limits), id)
    },
    async *stream(operation, call) {
      const id = deps.newId()
      const answer = await post(id, operation, STREAM, call)
      for await (const text of eventTexts(answer, operation, limits)) yield resultOf(text, id)
    },
  }
}

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
