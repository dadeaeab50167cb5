import { AGENT_HEALTH_ROUTES } from './agent-health-routes.ts'
import { AGENT_ROUTES } from './agent-routes.ts'
import { ALERT_ROUTES } from './alert-routes.ts'
import { ARD_ROUTES } from './ard-routes.ts'
import { AUDIT_ROUTES } from './audit-routes.ts'
import { CARD_ROUTES } from './card-route.ts'
import { CATALOG_ROUTES } from './catalog-routes.ts'
import { CHANGE_ROUTES } from './change-routes.ts'
import { CHANNEL_ROUTES } from './channel-routes.ts'
import { CONTEXT_ROUTES } from './context-routes.ts'
import { CREDENTIAL_ROUTES } from './credential-routes.ts'
import { GRANT_ROUTES } from './grant-routes.ts'
import { IDENTITY_ROUTES } from './identity-routes.ts'
import { KEY_ROUTES } from './key-routes.ts'
import { PROBE_ROUTES } from './probe-routes.ts'
import { PROPOSAL_ROUTES } from './proposal-routes.ts'
import { RESOURCE_METADATA_ROUTES } from './resource-metadata.ts'
import type { Route } from './route.ts'
import { serviceRoutes } from './service-routes.ts'
import { TASK_ROUTES } from './task-routes.ts'
import { VERSION_ROUTES } from './version-routes.ts'

/** Every native route. What is not here is not served, and nothing here is served without its scope. */
export const ROUTES: readonly Route[] = [
  ...AGENT_ROUTES,
  ...AGENT_HEALTH_ROUTES,
  ...VERSION_ROUTES,
  ...PROPOSAL_ROUTES,
  ...PROBE_ROUTES,
  ...GRANT_ROUTES,
  ...CREDENTIAL_ROUTES,
  ...CARD_ROUTES,
  ...CATALOG_ROUTES,
  ...ARD_ROUTES,
  ...CHANGE_ROUTES,
  ...CHANNEL_ROUTES,
  // After channels: what is called `channels` is no alert.
  ...ALERT_ROUTES,
  ...TASK_ROUTES,
  ...CONTEXT_ROUTES,
  ...KEY_ROUTES,
  ...IDENTITY_ROUTES,
  ...AUDIT_ROUTES,
  ...RESOURCE_METADATA_ROUTES,
  ...serviceRoutes(() => ROUTES),
]
