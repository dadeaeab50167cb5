import { mapElements, membersOf, objectText } from '../../json-text.ts'
import { decodeCard, encodeCard } from '../agent-card.ts'
import { decodeTask } from '../decode.ts'
import { encodeTask } from '../encode.ts'
import { checked, legacyDialect, type ResultForm, type ResultForms } from '../legacy-dialect.ts'
import { decodeAnswer, encodeAnswer } from './answers.ts'
import { decodeTaskPushConfig, encodeTaskPushConfig, REQUESTS } from './requests.ts'
import { task, taskPushNotificationConfig, taskPushNotificationConfigs } from './schema.ts'
import { SHAPE } from './shape.ts'

const taskForm: ResultForm = {
  decode: checked(SHAPE.nameOf, task, (text) => decodeTask(SHAPE, text)),
  encode: (result) => encodeTask(SHAPE, result),
}

const configForm: ResultForm = {
  decode: checked(SHAPE.nameOf, taskPushNotificationConfig, decodeTaskPushConfig),
  encode: encodeTaskPushConfig,
}

const RESULTS: ResultForms = {
  SendMessage: {
    decode: decodeAnswer(['task', 'message']),
    encode: (result) => encodeAnswer(result, 'SendStreamingMessage'),
  },
  GetTask: taskForm,
  CancelTask: taskForm,
  CreateTaskPushNotificationConfig: configForm,
  GetTaskPushNotificationConfig: configForm,
  ListTaskPushNotificationConfigs: {
    decode: checked(SHAPE.nameOf, taskPushNotificationConfigs, decodeConfigs),
    encode: encodeConfigs,
  },
  DeleteTaskPushNotificationConfig: { decode: () => '{}', encode: () => 'null' },
  GetExtendedAgentCard: { decode: ({ text }) => decodeCard(text), encode: encodeCard },
}

/** 0.3 lists configs as a bare array. */
function decodeConfigs(text: string): string {
  return objectText([
    ['configs', mapElements(text, decodeTaskPushConfig)],
    ['nextPageToken', '""'],
  ])
}

function encodeConfigs(text: string): string {
  return mapElements(membersOf(text).get('configs') ?? '[]', encodeTaskPushConfig)
}

/**
 * A2A 0.3 in the JSON form of its JSON-RPC binding.
 *
 * Where the versions differ, and what is decided about it, is written in docs/versions.md.
 */
export const V0_3_JSON = legacyDialect({
  nameOf: SHAPE.nameOf,
  requests: REQUESTS,
  results: RESULTS,
  decodeEvent: decodeAnswer(['task', 'message', 'status-update', 'artifact-update']),
  encodeEvent: encodeAnswer,
})
