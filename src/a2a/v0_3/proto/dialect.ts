import type { Dialect } from '../../dialect.ts'
import { membersOf, objectText } from '../../json-text.ts'
import type { StreamOperation } from '../../operation.ts'
import type { Check, Wire } from '../../wire.ts'
import { decodeCard, encodeCard, encodeProtoCard, legacyInterfaces, supersetCard } from '../agent-card.ts'
import { decodeArtifactUpdate, decodeEach, decodeMessage, decodeStatusUpdate, decodeTask } from '../decode.ts'
import { encodeArtifactUpdate, encodeEach, encodeMessage, encodeStatusUpdate, encodeTask } from '../encode.ts'
import { LEGACY_OPERATIONS, type LegacyUnaryOperation, rowOf } from '../operations.ts'
import { checkAs, readMembers } from '../read.ts'
import {
  listConfigsResponse,
  sendMessageResponse,
  streamResponse,
  taskCheck,
  taskPushNotificationConfig,
} from './json-schema.ts'
import { jsonName } from './names.ts'
import { decodeConfig, encodeConfig, REQUESTS } from './requests.ts'
import { SHAPE } from './shape.ts'

/**
 * A2A 0.3 as proto-JSON: what its REST binding writes, and what its gRPC binding is decoded to.
 *
 * Where the versions differ, and what is decided about it, is written in docs/versions.md.
 */
export const V0_3_PROTO: Dialect = {
  version: '0.3',
  operations: LEGACY_OPERATIONS,
  decodeRequest(operation, request) {
    const { check, decode } = rowOf(REQUESTS, operation)
    checkAs(check, request.value, jsonName)
    return wire(decode(request.text))
  },
  encodeRequest: (operation, request) => rowOf(REQUESTS, operation).encode(request),
  encodeResult: (operation, result) => rowOf(RESULTS, operation).encode(result),
  decodeResult: (operation, result) => wire(rowOf(RESULTS, operation).decode(result)),
  encodeEvent: (operation, event) => encodeAnswer(event, operation),
  decodeEvent: (event) => wire(decodeAnswer(streamResponse)(event)),
}

/**
 * The same over REST, where clients read a card in the JSON form or, of its security schemes, in the form of protobuf;
 * the document that is both versions' card has both.
 */
export const V0_3_REST: Dialect = {
  ...V0_3_PROTO,
  encodeResult: (operation, result) =>
    operation === 'GetExtendedAgentCard' ? bothCards(result) : V0_3_PROTO.encodeResult(operation, result),
}

const bothCards = (card: string): string => supersetCard(card, encodeCard(card, legacyInterfaces(card)))

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

const decodeAnswer = (check: Check<unknown>): ResultForm['decode'] =>
  checked(check, (text) => {
    const { task, message, statusUpdate, artifactUpdate } = Object.fromEntries(readMembers(text, jsonName))
    return objectText([
      ['task', task && decodeTask(SHAPE, task)],
      ['message', message && decodeMessage(SHAPE, message)],
      ['statusUpdate', statusUpdate && decodeStatusUpdate(SHAPE, statusUpdate)],
      ['artifactUpdate', artifactUpdate && decodeArtifactUpdate(SHAPE, artifactUpdate)],
    ])
  })

function encodeAnswer(text: string, operation: StreamOperation): string {
  const { task, message, statusUpdate, artifactUpdate } = Object.fromEntries(membersOf(text))
  return objectText([
    ['task', task && encodeTask(SHAPE, task)],
    ['message', message && encodeMessage(SHAPE, message)],
    ['statusUpdate', statusUpdate && encodeStatusUpdate(SHAPE, statusUpdate, operation)],
    ['artifactUpdate', artifactUpdate && encodeArtifactUpdate(SHAPE, artifactUpdate)],
  ])
}

const taskForm: ResultForm = {
  decode: checked(taskCheck, (text) => decodeTask(SHAPE, text)),
  encode: (result) => encodeTask(SHAPE, result),
}

const configForm: ResultForm = {
  decode: checked(taskPushNotificationConfig, decodeConfig),
  encode: encodeConfig,
}

const RESULTS: Readonly<Record<LegacyUnaryOperation, ResultForm>> = {
  SendMessage: {
    decode: decodeAnswer(sendMessageResponse),
    encode: (result) => encodeAnswer(result, 'SendStreamingMessage'),
  },
  GetTask: taskForm,
  CancelTask: taskForm,
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
    ['configs', decodeEach(response.get('configs'), decodeConfig) ?? '[]'],
    ['nextPageToken', response.get('nextPageToken') ?? '""'],
  ])
}

function encodeConfigs(text: string): string {
  const response = membersOf(text)
  return objectText([
    ['configs', encodeEach(response.get('configs'), encodeConfig) ?? '[]'],
    ['nextPageToken', response.get('nextPageToken')],
  ])
}

const wire = (text: string): Wire<unknown> => ({ value: JSON.parse(text), text })
