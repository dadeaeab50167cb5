/** A word; or one character of the scripts that write no spaces between words. */
const WORD =
  /[\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}\p{Script=Thai}\p{Script=Lao}\p{Script=Khmer}\p{Script=Myanmar}]|[\p{L}\p{N}]+?(?=[\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}]|[^\p{L}\p{N}]|$)/gu

/** Longer words are cut: nobody types them. */
const MAX_WORD_LENGTH = 64

/** Text as it is compared when neither case nor accents matter. */
export const fold = (text: string): string =>
  text.normalize('NFKD').replace(/\p{M}/gu, '').toLowerCase().normalize('NFC')

/** The words of a text, folded, in their order; at most `limit`. */
export function wordsOf(text: string, limit: number): readonly string[] {
  const words: string[] = []
  for (const [word] of fold(text).matchAll(WORD)) {
    words.push(word.slice(0, MAX_WORD_LENGTH))
    if (words.length === limit) break
  }
  return words
}
