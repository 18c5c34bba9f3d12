/**
 * So many polls in a row without an answer are no bad luck any more. With 1 % of all datagrams lost, a poll of a
 * period that is too short for a second try is lost 2 times in 100, three in a row once in 100,000 polls.
 */
export const backOffFrom = 3

/** A rest is half as long again as the one before, so that a host is missed for half of the time it was away. */
const growth = 1.5

/** Hosts that died together, a rack say, are not asked together for ever: their rests differ by up to this part. */
const spread = 0.25

/** With the time that a poll may take (5 s), a host that is back is found within a minute. */
export const longestRestMs = 55_000

/**
 * How long a host that does not answer is left alone after a poll: asking it costs several datagrams or a process
 * each time, and brings nothing.
 *
 * @param silentPolls without an answer, one after the other; {@link backOffFrom} or more
 * @param periodMs the shortest period of the host's metrics
 * @param share from 0 to 1, the host's own
 * @returns milliseconds from one poll to the next; never less than the period
 */
export function restMs(silentPolls: number, periodMs: number, share: number): number {
  const grown = periodMs * growth ** (silentPolls - backOffFrom + 1)
  return Math.max(periodMs, Math.min(longestRestMs, grown) * (1 - spread * share))
}
