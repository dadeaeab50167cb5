import type { Dialect } from '../../dialect.ts'
import type { Check, Wire } from '../../wire.ts'
import { decodeCard, encodeCard, legacyInterfaces } from '../agent-card.ts'
import { decodeTask } from '../decode.ts'
import { encodeTask } from '../encode.ts'
import { LEGACY_OPERATIONS, type LegacyUnaryOperation, rowOf } from '../operations.ts'
import { checkAs } from '../read.ts'
import { decodeAnswer, decodeList, encodeAnswer, encodeList } from './answers.ts'
import { decodeTaskPushConfig, encodeTaskPushConfig, REQUESTS } from './requests.ts'
import { task, taskPushNotificationConfig, taskPushNotificationConfigs } from './schema.ts'
import { SHAPE } from './shape.ts'

/**
 * A2A 0.3 in the JSON form of its JSON-RPC binding.
 *
 * Where the versions differ, and what is decided about it, is written in docs/versions.md.
 */
export const V0_3_JSON: Dialect = {
  version: '0.3',
  operations: LEGACY_OPERATIONS,
  decodeRequest(operation, request) {
    const { check, decode } = rowOf(REQUESTS, operation)
    checkAs(check, request.value)
    return wire(decode(request.text))
  },
  encodeRequest: (operation, request) => rowOf(REQUESTS, operation).encode(request),
  encodeResult: (operation, result) => rowOf(RESULTS, operation).encode(result),
  decodeResult: (operation, result) => wire(rowOf(RESULTS, operation).decode(result)),
  encodeEvent: (operation, event) => encodeAnswer(event, operation),
  decodeEvent: ({ value, text }) =>
    wire(decodeAnswer(value, text, ['task', 'message', 'status-update', 'artifact-update'])),
}

/** One operation's result in 0.3 ⇄ its result in 1.0. */
type ResultForm = {
  readonly decode: (result: Wire<unknown>) => string
  readonly encode: (result: string) => string
}

const checked =
  (check: Check<unknown>, decode: (text: string) => string): ResultForm['decode'] =>
  ({ value, text }) => {
    checkAs(check, value)
    return decode(text)
  }

const taskForm: ResultForm = {
  decode: checked(task, (text) => decodeTask(SHAPE, text)),
  encode: (result) => encodeTask(SHAPE, result),
}

const configForm: ResultForm = {
  decode: checked(taskPushNotificationConfig, decodeTaskPushConfig),
  encode: encodeTaskPushConfig,
}

const RESULTS: Readonly<Record<LegacyUnaryOperation, ResultForm>> = {
  SendMessage: {
    decode: ({ value, text }) => decodeAnswer(value, text, ['task', 'message']),
    encode: (result) => encodeAnswer(result, 'SendStreamingMessage'),
  },
  GetTask: taskForm,
  CancelTask: taskForm,
  CreateTaskPushNotificationConfig: configForm,
  GetTaskPushNotificationConfig: configForm,
  ListTaskPushNotificationConfigs: {
    decode: checked(taskPushNotificationConfigs, (text) => decodeList(text, decodeTaskPushConfig)),
    encode: (result) => encodeList(result, encodeTaskPushConfig),
  },
  DeleteTaskPushNotificationConfig: { decode: () => '{}', encode: () => 'null' },
  GetExtendedAgentCard: {
    decode: ({ text }) => decodeCard(text),
    encode: (card) => encodeCard(card, legacyInterfaces(card)),
  },
}

const wire = (text: string): Wire<unknown> => ({ value: JSON.parse(text), text })
