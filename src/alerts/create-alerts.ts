import { createAlertHistory } from './alert-history.ts'
import type { Alerts } from './alerts.ts'
import { type ManageRulesDeps, manageRules } from './manage-rules.ts'

export const createAlerts = (deps: ManageRulesDeps): Alerts => ({
  ...manageRules(deps),
  ...createAlertHistory(deps),
})
