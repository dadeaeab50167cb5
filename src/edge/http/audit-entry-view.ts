import Type from 'typebox'
import { NAME_KINDS } from '../../access/audit/audit-entry.ts'
import { AUDIT_ACTIONS, AUDIT_TARGET_KINDS } from '../../access/audit/audit-record.ts'

const instant = Type.String({ format: 'date-time' })
const pseudonym = Type.String({ description: 'A pseudonym; `names` says of whom, unless it was erased.' })

/** An entry of the audit log, alone and as a line of an export. */
export const AuditEntryView = Type.Object({
  tenant: Type.String(),
  writer: Type.String({ description: 'The process that wrote it.' }),
  n: Type.Integer({ minimum: 1, description: 'Gapless in the chain of its tenant and writer.' }),
  previous: Type.String({ description: 'The hash of the entry before.' }),
  hash: Type.String({ description: 'SHA-256 of the RFC 8785 form of the entry without `hash` and `names`.' }),
  at: instant,
  principal: pseudonym,
  credential: Type.Optional(Type.Object({ kind: Type.Enum(['key', 'token', 'certificate']), id: pseudonym })),
  from: Type.Optional(pseudonym),
  requestId: Type.Optional(Type.String()),
  action: Type.Enum([...AUDIT_ACTIONS]),
  target: Type.Object({ kind: Type.Enum([...AUDIT_TARGET_KINDS]), id: Type.String() }),
  outcome: Type.Enum(['allowed', 'denied']),
  reason: Type.Optional(Type.String()),
  details: Type.Optional(Type.Record(Type.String(), Type.String())),
  subjects: Type.Optional(Type.Record(Type.String(), pseudonym)),
  repeated: Type.Optional(
    Type.Object({ count: Type.Integer({ minimum: 1 }), firstAt: instant, lastAt: instant }),
  ),
  names: Type.Record(
    Type.String(),
    Type.Object({
      kind: Type.Enum([...NAME_KINDS]),
      text: Type.String(),
      salt: Type.String(),
    }),
  ),
})
