import { MAX_ID_LENGTH } from '../../ids.ts'

/**
 * Resource names of 0.3's protobuf form: `tasks/{id}` and `tasks/{id}/pushNotificationConfigs/{id}`. Ids stand in them as
 * they are, as servers and clients write and read them; only URLs escape them.
 *
 * A task's id may hold a `/` where it stands alone; before a config's id it ends at the first separator.
 */
const TASK = 'tasks/'
const CONFIG = '/pushNotificationConfigs/'

export const taskName = (taskId: string): string => `${TASK}${taskId}`

export const configName = (taskId: string, configId: string): string =>
  `${taskName(taskId)}${CONFIG}${configId}`

export const taskOfName = (name: string): string => name.slice(TASK.length)

/** The config's id is empty in a name that ends before it. */
export function configOfName(name: string): { readonly taskId: string; readonly id: string } {
  const rest = taskOfName(name)
  const end = rest.indexOf(CONFIG)
  return end < 0
    ? { taskId: rest, id: '' }
    : { taskId: rest.slice(0, end), id: rest.slice(end + CONFIG.length) }
}

/** Patterns of the two, with ids no longer than ids may be. */
export const TASK_NAME = `^tasks/[^]{1,${MAX_ID_LENGTH}}$`
export const CONFIG_NAME = `^tasks/[^]{1,${MAX_ID_LENGTH}}?/pushNotificationConfigs/[^]{0,${MAX_ID_LENGTH}}$`
