import type { Dialect } from '../../dialect.ts'
import { mapElements, membersOf, objectText } from '../../json-text.ts'
import type { StreamOperation } from '../../operation.ts'
import type { Check, Wire } from '../../wire.ts'
import { decodeCard, encodeCard, encodeProtoCard, legacyInterfaces, supersetCard } from '../agent-card.ts'
import { decodeArtifactUpdate, decodeMessage, decodeStatusUpdate, decodeTask } from '../decode.ts'
import { encodeArtifactUpdate, encodeMessage, encodeStatusUpdate, encodeTask } from '../encode.ts'
import { LEGACY_OPERATIONS, type LegacyUnaryOperation, rowOf } from '../operations.ts'
import { checkAs, readMembers } from '../read.ts'
import type { Shape } from '../shape.ts'
import { jsonName } from './names.ts'
import { decodeConfig, encodeConfig, requestsOf } from './requests.ts'
import {
  listConfigsResponse,
  sendMessageResponse,
  streamResponse,
  taskCheck,
  taskPushNotificationConfig,
} from './schema.ts'
import { REST_SHAPE, SHAPE } from './shape.ts'

function dialectOf(shape: Shape): Dialect {
  const requests = requestsOf(shape)
  const results = resultsOf(shape)
  return {
    version: '0.3',
    operations: LEGACY_OPERATIONS,
    decodeRequest(operation, request) {
      const { check, decode } = rowOf(requests, operation)
      checkAs(check, request.value, jsonName)
      return wire(decode(request.text))
    },
    encodeRequest: (operation, request) => rowOf(requests, operation).encode(request),
    encodeResult: (operation, result) => rowOf(results, operation).encode(result),
    decodeResult: (operation, result) => wire(rowOf(results, operation).decode(result)),
    encodeEvent: (operation, event) => encodeAnswer(shape, event, operation),
    decodeEvent: (event) => wire(decodeAnswer(shape, streamResponse)(event)),
  }
}

/** One operation's result in 0.3 ⇄ its result in 1.0. */
type ResultForm = {
  readonly decode: (result: Wire<unknown>) => string
  readonly encode: (result: string) => string
}

const checked =
  (check: Check<unknown>, decode: (text: string) => string): ResultForm['decode'] =>
  ({ value, text }) => {
    checkAs(check, value, jsonName)
    return decode(text)
  }

const decodeAnswer = (shape: Shape, check: Check<unknown>): ResultForm['decode'] =>
  checked(check, (text) => {
    const { task, message, statusUpdate, artifactUpdate } = Object.fromEntries(readMembers(text, jsonName))
    return objectText([
      ['task', task && decodeTask(shape, task)],
      ['message', message && decodeMessage(shape, message)],
      ['statusUpdate', statusUpdate && decodeStatusUpdate(shape, statusUpdate)],
      ['artifactUpdate', artifactUpdate && decodeArtifactUpdate(shape, artifactUpdate)],
    ])
  })

function encodeAnswer(shape: Shape, text: string, operation: StreamOperation): string {
  const { task, message, statusUpdate, artifactUpdate } = Object.fromEntries(membersOf(text))
  return objectText([
    ['task', task && encodeTask(shape, task)],
    ['message', message && encodeMessage(shape, message)],
    ['statusUpdate', statusUpdate && encodeStatusUpdate(shape, statusUpdate, operation)],
    ['artifactUpdate', artifactUpdate && encodeArtifactUpdate(shape, artifactUpdate)],
  ])
}

const configForm: ResultForm = {
  decode: checked(taskPushNotificationConfig, decodeConfig),
  encode: encodeConfig,
}

function resultsOf(shape: Shape): Readonly<Record<LegacyUnaryOperation, ResultForm>> {
  const task: ResultForm = {
    decode: checked(taskCheck, (text) => decodeTask(shape, text)),
    encode: (result) => encodeTask(shape, result),
  }
  const answer: ResultForm = {
    decode: decodeAnswer(shape, sendMessageResponse),
    encode: (result) => encodeAnswer(shape, result, 'SendStreamingMessage'),
  }
  return { ...OTHERS, SendMessage: answer, GetTask: task, CancelTask: task }
}

const OTHERS: Omit<
  Readonly<Record<LegacyUnaryOperation, ResultForm>>,
  'SendMessage' | 'GetTask' | 'CancelTask'
> = {
  CreateTaskPushNotificationConfig: configForm,
  GetTaskPushNotificationConfig: configForm,
  ListTaskPushNotificationConfigs: {
    decode: checked(listConfigsResponse, decodeConfigs),
    encode: encodeConfigs,
  },
  DeleteTaskPushNotificationConfig: { decode: () => '{}', encode: () => '{}' },
  GetExtendedAgentCard: {
    decode: ({ text }) => decodeCard(text),
    encode: (card) => encodeProtoCard(card, legacyInterfaces(card)),
  },
}

function decodeConfigs(text: string): string {
  const response = readMembers(text, jsonName)
  return objectText([
    ['configs', mapElements(response.get('configs') ?? '[]', decodeConfig)],
    ['nextPageToken', response.get('nextPageToken') ?? '""'],
  ])
}

function encodeConfigs(text: string): string {
  const response = membersOf(text)
  return objectText([
    ['configs', mapElements(response.get('configs') ?? '[]', encodeConfig)],
    ['nextPageToken', response.get('nextPageToken')],
  ])
}

const wire = (text: string): Wire<unknown> => ({ value: JSON.parse(text), text })

/**
 * A2A 0.3 as proto-JSON, which its gRPC binding is decoded to.
 *
 * Where the versions differ, and what is decided about it, is written in docs/versions.md.
 */
export const V0_3_PROTO: Dialect = dialectOf(SHAPE)

const REST = dialectOf(REST_SHAPE)

/**
 * The same as its REST binding writes it. Clients read a card there in the JSON form or, of its security schemes, in the
 * form of protobuf; the document that is both versions' card has both.
 */
export const V0_3_REST: Dialect = {
  ...REST,
  encodeResult: (operation, result) =>
    operation === 'GetExtendedAgentCard' ? bothCards(result) : REST.encodeResult(operation, result),
}

const bothCards = (card: string): string => supersetCard(card, encodeCard(card, legacyInterfaces(card)))
