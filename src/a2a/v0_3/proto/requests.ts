import { membersOf, objectText, textOf } from '../../json-text.ts'
import type { RequestForm, RequestForms } from '../legacy-dialect.ts'
import { decodePushConfig, encodePushConfig } from '../push-config.ts'
import { readMembers } from '../read.ts'
import { sendForm } from '../send-form.ts'
import type { Shape } from '../shape.ts'
import { jsonName } from './json-name.ts'
import { configName, configOfName, taskName, taskOfName } from './resource-names.ts'
import {
  configRequest,
  createConfigRequest,
  emptyRequest,
  getTaskRequest,
  listConfigsRequest,
  sendMessageRequest,
  taskRequest,
} from './schema.ts'

const taskByName: RequestForm = { check: taskRequest, decode: decodeTaskName, encode: encodeTaskName }
const configByName: RequestForm = {
  check: configRequest,
  decode: decodeConfigName,
  encode: encodeConfigName,
}

/** The message of each operation's request. */
export function requestsOf(shape: Shape): RequestForms {
  const configuration = { decode: decodeConfiguration, encode: encodeConfiguration }
  const send = sendForm(shape, sendMessageRequest, configuration)
  return { ...OTHERS, SendMessage: send, SendStreamingMessage: send }
}

const OTHERS: Omit<RequestForms, 'SendMessage' | 'SendStreamingMessage'> = {
  GetTask: { check: getTaskRequest, decode: decodeGetTask, encode: encodeGetTask },
  CancelTask: taskByName,
  SubscribeToTask: taskByName,
  CreateTaskPushNotificationConfig: {
    check: createConfigRequest,
    decode: decodeCreateConfig,
    encode: encodeCreateConfig,
  },
  GetTaskPushNotificationConfig: configByName,
  ListTaskPushNotificationConfigs: {
    check: listConfigsRequest,
    decode: decodeListConfigs,
    encode: encodeListConfigs,
  },
  DeleteTaskPushNotificationConfig: configByName,
  GetExtendedAgentCard: { check: emptyRequest, decode: () => '{}', encode: () => '{}' },
}

/** `blocking` has no presence: in a configuration that does not say true, it is false. */
function decodeConfiguration(text: string): string {
  const configuration = readMembers(text, jsonName)
  const push = configuration.get('pushNotification')
  return objectText([
    ['acceptedOutputModes', configuration.get('acceptedOutputModes')],
    ['taskPushNotificationConfig', push && decodePushConfig(push, jsonName, {})],
    ['historyLength', decodeHistoryLength(configuration.get('historyLength'))],
    ['returnImmediately', configuration.get('blocking') === 'true' ? undefined : 'true'],
  ])
}

function encodeConfiguration(text: string): string {
  const configuration = membersOf(text)
  const push = configuration.get('taskPushNotificationConfig')
  return objectText([
    ['acceptedOutputModes', configuration.get('acceptedOutputModes')],
    ['pushNotification', push && encodePushConfig(push)],
    ['historyLength', encodeHistoryLength(configuration.get('historyLength'))],
    ['blocking', textOf(configuration.get('returnImmediately') !== 'true')],
  ])
}

function decodeGetTask(text: string): string {
  const request = readMembers(text, jsonName)
  return objectText([
    ['id', textOf(taskOfName(textIn(request, 'name')))],
    ['historyLength', decodeHistoryLength(request.get('historyLength'))],
  ])
}

function encodeGetTask(text: string): string {
  const request = membersOf(text)
  return objectText([
    ['name', textOf(taskName(textIn(request, 'id')))],
    ['historyLength', encodeHistoryLength(request.get('historyLength'))],
  ])
}

/** Zero, which proto-JSON also leaves out, means without limit. */
function decodeHistoryLength(text: string | undefined): string | undefined {
  const length = text === undefined ? 0 : Number(JSON.parse(text))
  return length === 0 ? undefined : String(length)
}

/** "None" cannot be asked for; the answer is then longer than it has to be. */
const encodeHistoryLength = (text: string | undefined): string | undefined =>
  text === '0' ? undefined : text

function decodeTaskName(text: string): string {
  return objectText([['id', textOf(taskOfName(textIn(readMembers(text, jsonName), 'name')))]])
}

function encodeTaskName(text: string): string {
  return objectText([['name', textOf(taskName(textIn(membersOf(text), 'id')))]])
}

function decodeCreateConfig(text: string): string {
  const request = readMembers(text, jsonName)
  const config = readMembers(request.get('config') ?? '{}', jsonName)
  return decodePushConfig(config.get('pushNotificationConfig') ?? '{}', jsonName, {
    taskId: textOf(taskOfName(textIn(request, 'parent'))),
    id: request.get('configId'),
  })
}

function encodeCreateConfig(text: string): string {
  const config = membersOf(text)
  return objectText([
    ['parent', textOf(taskName(textIn(config, 'taskId')))],
    ['configId', config.get('id') ?? '""'],
    ['config', encodeConfig(text)],
  ])
}

/** A 1.0 config as a resource of 0.3. */
export function encodeConfig(text: string): string {
  const config = membersOf(text)
  return objectText([
    ['name', textOf(configName(textIn(config, 'taskId'), textIn(config, 'id')))],
    ['pushNotificationConfig', encodePushConfig(text)],
  ])
}

export function decodeConfig(text: string): string {
  const config = readMembers(text, jsonName)
  const { taskId, id } = configOfName(textIn(config, 'name'))
  return decodePushConfig(config.get('pushNotificationConfig') ?? '{}', jsonName, {
    taskId: textOf(taskId),
    id: textOf(id),
  })
}

function decodeConfigName(text: string): string {
  const { taskId, id } = configOfName(textIn(readMembers(text, jsonName), 'name'))
  return textOf({ taskId, id })
}

function encodeConfigName(text: string): string {
  const request = membersOf(text)
  return objectText([['name', textOf(configName(textIn(request, 'taskId'), textIn(request, 'id')))]])
}

/** Pages of configs are the gateway's own business: it always answers with all of them. */
function decodeListConfigs(text: string): string {
  return objectText([['taskId', textOf(taskOfName(textIn(readMembers(text, jsonName), 'parent')))]])
}

function encodeListConfigs(text: string): string {
  return objectText([['parent', textOf(taskName(textIn(membersOf(text), 'taskId')))]])
}

const textIn = (members: ReadonlyMap<string, string>, name: string): string =>
  String(JSON.parse(members.get(name) ?? '""'))
