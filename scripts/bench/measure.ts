/** Something to time: does its work once and returns how long that took, in milliseconds. */
export type Timed = () => Promise<number>

const rounds = 7
const warmUps = 2

/**
 * Times several ways to do the same work, in turns, so that what else the machine does hits all alike.
 *
 * @returns the median of each, in the order given
 */
export async function medians(...ways: readonly Timed[]): Promise<number[]> {
  const times: number[][] = ways.map(() => [])
  for (let round = -warmUps; round < rounds; round++) {
    for (const [index, way] of ways.entries()) {
      const time = await way()
      if (round >= 0) times[index]?.push(time)
    }
  }
  return times.map(median)
}

/** @throws where there is no value */
export function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b)
  const upper = sorted[Math.floor(sorted.length / 2)]
  const lower = sorted[Math.floor((sorted.length - 1) / 2)]
  if (upper === undefined || lower === undefined) throw new Error('there is no median of nothing')
  return (lower + upper) / 2
}
