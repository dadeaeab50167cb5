import assert from 'node:assert/strict'
import { A2AError } from '@a2a-js/sdk/errors'
import { decodeErrorInfo, decodeStatus } from '@a2a-js/sdk/errors/grpc'
import { BinaryReader } from '@bufbuild/protobuf/wire'
import { at, listAt, numberAt, textAt } from '../e2e/json-path.ts'
import { type HttpReply, replies } from './sdk-client.ts'
import { Refusal } from './tasks-client.ts'

/** Runs one call of the SDK's client; what the gateway refuses rejects with a `Refusal`, all else as it is. */
export function told<T>(call: () => Promise<T>): Promise<T> {
  const seen = {}
  return replies.run(seen, async () => {
    try {
      return await call()
    } catch (error) {
      throw refusalOf(error, seen)
    }
  })
}

/** The same for a call that answers with a stream. */
export async function* toldEach<T>(open: () => AsyncIterator<T>): AsyncGenerator<T, void, undefined> {
  const seen = {}
  const events = replies.run(seen, open)
  try {
    for (;;) {
      const step = await replies.run(seen, () => events.next())
      if (step.done === true) return
      yield step.value
    }
  } catch (error) {
    throw refusalOf(error, seen)
  } finally {
    await events.return?.()
  }
}

function refusalOf(error: unknown, { reply }: { readonly reply?: HttpReply }): unknown {
  // The SDK wraps the error that it finds in an event.
  const failure = error instanceof Error && error.cause instanceof A2AError ? error.cause : error
  const details = reply === undefined ? (inEvent(failure) ?? onGrpc(failure)) : inReply(reply)
  if (details?.reason === undefined) return error
  const { reason, fields, code } = details
  if (failure instanceof A2AError && failure.reason !== 'INTERNAL_ERROR') {
    const alike = failure.reason === 'INVALID_PARAMS' ? ALL_INVALID : [failure.reason]
    assert.ok(alike.includes(reason), `the SDK reads ${reason} as ${failure.reason}`)
  }
  return new Refusal(reason, failure instanceof Error ? failure.message : String(failure), fields, code)
}

/** What the SDK knows one word for. */
const ALL_INVALID = [
  'INVALID_PARAMS',
  'INVALID_REQUEST',
  'PARSE_ERROR',
  'METHOD_NOT_FOUND',
  'EXTENSION_SUPPORT_REQUIRED',
  'VERSION_NOT_SUPPORTED',
  'IDEMPOTENCY_CONFLICT',
  'UNAUTHENTICATED',
  'FORBIDDEN',
  'AGENT_NOT_FOUND',
]

type Details = {
  readonly reason: string | undefined
  readonly fields: readonly string[]
  readonly code: number
}

/** JSON-RPC and 0.3 say `data`, REST of 1.0 says `details`; over REST, an error of 0.3 is the whole body. */
function inReply({ status, body }: HttpReply): Details | undefined {
  const member = at(body, 'error')
  const error = typeof member === 'object' ? member : body
  const code = at(body, 'jsonrpc') === undefined ? status : numberAt(error, 'code')
  return detailsIn(at(error, 'data') ?? at(error, 'details'), code)
}

/** An error of JSON-RPC that is an event of a stream. */
const inEvent = (failure: unknown): Details | undefined =>
  detailsIn(at(failure, 'data'), Number(at(failure, 'envelopeCode')))

function detailsIn(details: unknown, code: number): Details | undefined {
  if (!Array.isArray(details)) return undefined
  const info = details.find((detail) => /ErrorInfo$/.test(textAt(detail, '@type')))
  const violations = details.flatMap((detail) =>
    at(detail, 'fieldViolations') === undefined ? [] : listAt(detail, 'fieldViolations'),
  )
  return {
    reason: textAt(info, 'reason'),
    fields: violations.map((violation) => textAt(violation, 'field')),
    code,
  }
}

function onGrpc(failure: unknown): Details | undefined {
  const bytes = at(failure, 'statusDetailsBin')
  if (!Buffer.isBuffer(bytes)) return undefined
  const { details } = decodeStatus(bytes)
  const valuesOf = (type: string) =>
    details.filter(({ typeUrl }) => typeUrl.endsWith(type)).map(({ value }) => Buffer.from(value))
  return {
    reason: valuesOf('google.rpc.ErrorInfo').map((value) => decodeErrorInfo(value).reason)[0],
    fields: valuesOf('google.rpc.BadRequest').flatMap((value) => messagesIn(value).map(textIn)),
    code: numberAt(failure, 'status'),
  }
}

/** The messages in field 1: of a google.rpc.BadRequest, its violations. */
function messagesIn(bytes: Uint8Array): readonly Uint8Array[] {
  const reader = new BinaryReader(bytes)
  const found: Uint8Array[] = []
  while (reader.pos < reader.len) {
    const [field, wireType] = reader.tag()
    if (field === 1) found.push(reader.bytes())
    else reader.skip(wireType)
  }
  return found
}

/** The text in field 1: of a violation, the name of the field. */
const textIn = (bytes: Uint8Array): string => new TextDecoder().decode(messagesIn(bytes)[0])
