import Type, { type Static } from 'typebox'
import { MAX_ID_LENGTH } from './ids.ts'

/** `google.protobuf.Struct`: any JSON object. Its content is the user's and is never touched. */
export const Struct = Type.Object({})

export const Id = Type.String({ minLength: 1, maxLength: MAX_ID_LENGTH })

/** An optional id: proto3 JSON cannot tell an empty string from an absent one, so both mean "not given". */
export const OptionalId = Type.Optional(Type.String({ maxLength: MAX_ID_LENGTH }))

/** Of an object: that it has one of these members, and no two. */
export const exactlyOne = (...names: readonly string[]) => ({
  oneOf: names.map((name) => ({ required: [name] })),
})

/** Base64 in the standard or the url-safe alphabet, padded or not. */
export const Base64 = Type.String({ pattern: '^[A-Za-z0-9+/_-]*={0,2}$' })

/** One piece of content: exactly one of `text`, `raw` (base64), `url` or `data` (any JSON value, `null` included). */
export const Part = Type.Object(
  {
    text: Type.Optional(Type.String()),
    raw: Type.Optional(Base64),
    url: Type.Optional(Type.String()),
    data: Type.Optional(Type.Unknown()),
    mediaType: Type.Optional(Type.String()),
    filename: Type.Optional(Type.String()),
    metadata: Type.Optional(Struct),
  },
  exactlyOne('text', 'raw', 'url', 'data'),
)
export type Part = Static<typeof Part>

const Role = Type.Enum(['ROLE_USER', 'ROLE_AGENT'])

export const Message = Type.Object({
  messageId: Id,
  contextId: OptionalId,
  taskId: OptionalId,
  role: Role,
  parts: Type.Array(Part, { minItems: 1 }),
  metadata: Type.Optional(Struct),
  extensions: Type.Optional(Type.Array(Type.String())),
  referenceTaskIds: Type.Optional(Type.Array(Type.String({ maxLength: MAX_ID_LENGTH }), { maxItems: 100 })),
})
export type Message = Static<typeof Message>
