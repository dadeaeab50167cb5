import type { Part } from '@a2a-js/sdk'

type Naming = { readonly filename?: string; readonly mediaType?: string }

const part = (content: Part['content'], { filename = '', mediaType = '' }: Naming): Part => ({
  content,
  filename,
  mediaType,
  metadata: undefined,
})

export const textPart = (value: string): Part => part({ $case: 'text', value }, {})

/** File content carried in the message; the wire form is base64. */
export const rawPart = (bytes: Buffer, naming: Naming): Part => part({ $case: 'raw', value: bytes }, naming)

export const urlPart = (url: string, naming: Naming): Part => part({ $case: 'url', value: url }, naming)

/**
 * Any JSON value, `null` included. Built here and not with the SDK's `fromJSON`, which turns `null` into a part
 * without content.
 */
export const dataPart = (value: unknown): Part => part({ $case: 'data', value }, {})
