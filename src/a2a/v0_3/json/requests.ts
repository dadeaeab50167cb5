import { type Members, membersOf, objectText, textOf } from '../../json-text.ts'
import type { RequestForms } from '../legacy-dialect.ts'
import { decodePushConfig, encodePushConfig } from '../push-config.ts'
import { asWritten, readMembers } from '../read.ts'
import { sendForm } from '../send-form.ts'
import {
  deletePushNotificationConfigParams,
  emptyParams,
  messageSendParams,
  pushNotificationConfigParams,
  taskIdParams,
  taskPushNotificationConfig,
  taskQueryParams,
} from './schema.ts'
import { SHAPE } from './shape.ts'

const send = sendForm(SHAPE, messageSendParams, { decode: decodeConfiguration, encode: encodeConfiguration })

/** The `params` of each operation. */
export const REQUESTS: RequestForms = {
  SendMessage: send,
  SendStreamingMessage: send,
  GetTask: {
    check: taskQueryParams,
    decode: (params) => pick(readMembers(params), ['id', 'historyLength']),
    encode: (request) => pick(membersOf(request), ['id', 'historyLength']),
  },
  CancelTask: {
    check: taskIdParams,
    decode: (params) => pick(readMembers(params), ['id', 'metadata']),
    encode: (request) => pick(membersOf(request), ['id', 'metadata']),
  },
  SubscribeToTask: {
    check: taskIdParams,
    decode: (params) => pick(readMembers(params), ['id']),
    encode: (request) => pick(membersOf(request), ['id']),
  },
  CreateTaskPushNotificationConfig: {
    check: taskPushNotificationConfig,
    decode: decodeTaskPushConfig,
    encode: encodeTaskPushConfig,
  },
  GetTaskPushNotificationConfig: {
    check: pushNotificationConfigParams,
    decode: decodeConfigParams,
    encode: encodeConfigParams,
  },
  ListTaskPushNotificationConfigs: {
    check: taskIdParams,
    decode: (params) => objectText([['taskId', readMembers(params).get('id')]]),
    encode: (request) => objectText([['id', membersOf(request).get('taskId')]]),
  },
  DeleteTaskPushNotificationConfig: {
    check: deletePushNotificationConfigParams,
    decode: decodeConfigParams,
    encode: encodeConfigParams,
  },
  GetExtendedAgentCard: { check: emptyParams, decode: () => '{}', encode: () => '{}' },
}

/** A send waits unless it was told not to. */
function decodeConfiguration(text: string): string {
  const configuration = readMembers(text)
  const push = configuration.get('pushNotificationConfig')
  return objectText([
    ['acceptedOutputModes', configuration.get('acceptedOutputModes')],
    ['taskPushNotificationConfig', push && decodePushConfig(push, asWritten, {})],
    ['historyLength', configuration.get('historyLength')],
    ['returnImmediately', configuration.get('blocking') === 'false' ? 'true' : undefined],
  ])
}

/** Servers differ in what they take a missing `blocking` to mean, so it is always said. */
function encodeConfiguration(text: string): string {
  const configuration = membersOf(text)
  const push = configuration.get('taskPushNotificationConfig')
  return objectText([
    ['acceptedOutputModes', configuration.get('acceptedOutputModes')],
    ['historyLength', configuration.get('historyLength')],
    ['pushNotificationConfig', push && encodePushConfig(push)],
    ['blocking', textOf(configuration.get('returnImmediately') !== 'true')],
  ])
}

export function decodeTaskPushConfig(text: string): string {
  const params = readMembers(text)
  const config = params.get('pushNotificationConfig') ?? '{}'
  return decodePushConfig(config, asWritten, { taskId: params.get('taskId') })
}

export function encodeTaskPushConfig(text: string): string {
  return objectText([
    ['taskId', membersOf(text).get('taskId')],
    ['pushNotificationConfig', encodePushConfig(text)],
  ])
}

function decodeConfigParams(text: string): string {
  const params = readMembers(text)
  return objectText([
    ['taskId', params.get('id')],
    ['id', params.get('pushNotificationConfigId')],
  ])
}

function encodeConfigParams(text: string): string {
  const request = membersOf(text)
  return objectText([
    ['id', request.get('taskId')],
    ['pushNotificationConfigId', request.get('id')],
  ])
}

const pick = (members: Members, names: readonly string[]): string =>
  objectText(names.map((name) => [name, members.get(name)]))
