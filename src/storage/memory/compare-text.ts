/** Orders text by its UTF-8 bytes, as databases do; JavaScript's `<` differs beyond the basic plane. */
export const compareText = (a: string, b: string): number =>
  a === b ? 0 : Buffer.compare(Buffer.from(a), Buffer.from(b))
