import { firstSchema } from './0001-first-schema.ts'
import { access } from './0002-access.ts'
import { search } from './0003-search.ts'
import { cardVersions } from './0004-card-versions.ts'
import { lifecycle } from './0005-lifecycle.ts'
import { health } from './0006-health.ts'
import { changes } from './0007-changes.ts'
import { alerts } from './0008-alerts.ts'
import { channels } from './0009-channels.ts'
import { cardProposals } from './0010-card-proposals.ts'
import { claims } from './0011-claims.ts'

/** Forward only: the schema's version is how many of these a file has seen. Never edit one that was released. */
export const MIGRATIONS: readonly string[] = [
  firstSchema,
  access,
  search,
  cardVersions,
  lifecycle,
  health,
  changes,
  alerts,
  channels,
  cardProposals,
  claims,
]
