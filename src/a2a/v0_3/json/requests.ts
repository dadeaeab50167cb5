import { type Members, membersOf, objectText, textOf } from '../../json-text.ts'
import type { Check } from '../../wire.ts'
import { decodeMessage } from '../decode.ts'
import { encodeMessage } from '../encode.ts'
import type { LegacyOperation } from '../operations.ts'
import { decodePushConfig, encodePushConfig } from '../push-config.ts'
import { asWritten, readMembers } from '../read.ts'
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

/** One operation's `params` in 0.3 ⇄ its request in 1.0. */
export type RequestForm = {
  readonly check: Check<unknown>
  readonly decode: (params: string) => string
  readonly encode: (request: string) => string
}

const send: RequestForm = { check: messageSendParams, decode: decodeSend, encode: encodeSend }

export const REQUESTS: Readonly<Record<LegacyOperation, RequestForm>> = {
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

function decodeSend(text: string): string {
  const params = readMembers(text)
  const configuration = params.get('configuration')
  return objectText([
    ['message', decodeMessage(SHAPE, params.get('message') ?? '{}')],
    ['configuration', configuration && decodeConfiguration(configuration)],
    ['metadata', params.get('metadata')],
  ])
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

function encodeSend(text: string): string {
  const request = membersOf(text)
  return objectText([
    ['message', encodeMessage(SHAPE, request.get('message') ?? '{}')],
    ['configuration', encodeConfiguration(request.get('configuration') ?? '{}')],
    ['metadata', request.get('metadata')],
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
