import type { Dialect } from '../../dialect.ts'
import { mapElements, membersOf, objectText } from '../../json-text.ts'
import { decodeCard, encodeProtoCard, supersetCard } from '../agent-card.ts'
import { decodeTask } from '../decode.ts'
import { encodeTask } from '../encode.ts'
import { checked, legacyDialect, type ResultForm, type ResultForms } from '../legacy-dialect.ts'
import { readMembers } from '../read.ts'
import type { Shape } from '../shape.ts'
import { decodeAnswer, encodeAnswer } from './answers.ts'
import { jsonName } from './json-name.ts'
import { decodeConfig, encodeConfig, requestsOf } from './requests.ts'
import {
  listConfigsResponse,
  sendMessageResponse,
  streamResponse,
  taskCheck,
  taskPushNotificationConfig,
} from './schema.ts'
import { REST_SHAPE, SHAPE } from './shape.ts'

type EncodeCard = (card: string) => string

const dialectOf = (shape: Shape, encodeCard: EncodeCard): Dialect =>
  legacyDialect({
    nameOf: shape.nameOf,
    requests: requestsOf(shape),
    results: resultsOf(shape, encodeCard),
    decodeEvent: decodeAnswer(shape, streamResponse),
    encodeEvent: (event, operation) => encodeAnswer(shape, event, operation),
  })

const configForm: ResultForm = {
  decode: checked(jsonName, taskPushNotificationConfig, decodeConfig),
  encode: encodeConfig,
}

function resultsOf(shape: Shape, encodeCard: EncodeCard): ResultForms {
  const task: ResultForm = {
    decode: checked(jsonName, taskCheck, (text) => decodeTask(shape, text)),
    encode: (result) => encodeTask(shape, result),
  }
  return {
    SendMessage: {
      decode: decodeAnswer(shape, sendMessageResponse),
      encode: (result) => encodeAnswer(shape, result, 'SendStreamingMessage'),
    },
    GetTask: task,
    CancelTask: task,
    CreateTaskPushNotificationConfig: configForm,
    GetTaskPushNotificationConfig: configForm,
    ListTaskPushNotificationConfigs: {
      decode: checked(jsonName, listConfigsResponse, decodeConfigs),
      encode: encodeConfigs,
    },
    DeleteTaskPushNotificationConfig: { decode: () => '{}', encode: () => '{}' },
    GetExtendedAgentCard: { decode: ({ text }) => decodeCard(text), encode: encodeCard },
  }
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

/**
 * A2A 0.3 as proto-JSON, which its gRPC binding is decoded to.
 *
 * Where the versions differ, and what is decided about it, is written in docs/versions.md.
 */
export const V0_3_PROTO = dialectOf(SHAPE, encodeProtoCard)

/**
 * The same as its REST binding writes it. Clients read a card there in the JSON form or, of its security schemes, in the
 * form of protobuf; the document that is both versions' card has both.
 */
export const V0_3_REST = dialectOf(REST_SHAPE, supersetCard)
