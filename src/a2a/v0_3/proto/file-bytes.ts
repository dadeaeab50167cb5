/**
 * What stands in `file_with_bytes`. The protobuf of 0.3 means a file's own bytes. The official SDKs for Python and Java put
 * the file's base64 there, as the JSON form has it, and cannot read a message with anything else; those for JavaScript and
 * Go do as the protobuf says. So what can be base64 is taken for it, and base64 is what is written: it fails nobody.
 *
 * All texts are JSON; in them the field is base64 already, for being bytes.
 */
export function decodeFileBytes(text: string): string {
  const held = Buffer.from(String(JSON.parse(text)), 'base64').toString('latin1')
  const isBase64 = held !== '' && held.length % 4 === 0 && /^[A-Za-z0-9+/]+={0,2}$/.test(held)
  return isBase64 ? JSON.stringify(held) : text
}

export const encodeFileBytes = (text: string): string =>
  JSON.stringify(Buffer.from(String(JSON.parse(text)), 'latin1').toString('base64'))
