/** The status recorded for a call whose client left before its answer; never sent. */
export const CLIENT_GONE = 499
