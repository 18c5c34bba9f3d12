/** Seconds by which the server's clock is ahead of the browser's. */
let ahead = 0

/** The header Date has whole seconds, and an answer takes its time: less than this is no difference. */
const tolerance = 5

/** Learns the server's time from an answer: "the last 5 minutes" are the server's, which stamps the values. */
export function heardFromServer(date: string | null): void {
  const difference = Date.parse(date ?? '') / 1000 - Date.now() / 1000
  if (!Number.isNaN(difference)) ahead = Math.abs(difference) > tolerance ? difference : 0
}

/** @returns the moment now, in Unix seconds of the server */
export function now(): number {
  return Date.now() / 1000 + ahead
}
