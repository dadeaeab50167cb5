/** How long a card may be used without asking again. */
export const CARD_MAX_AGE_S = 60

/** Of an extended card, which is for whoever asked alone (A2A 1.0 §13.3). */
export const EXTENDED_CARD_HEADERS = {
  'cache-control': `private, max-age=${CARD_MAX_AGE_S}`,
  vary: 'Authorization, X-API-Key',
} as const
