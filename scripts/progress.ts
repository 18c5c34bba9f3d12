/** Shows how far a long step has come, on standard error: standard output is the result's alone. */
export interface Progress {
  /** A new step, which ends the one before. */
  step(what: string): void
  /** @param share of the step, from 0 to 1 */
  at(share: number): void
  end(): void
}

const barWidth = 30

/** A bar that moves on a terminal; a line for each tenth elsewhere. */
export function showProgress(stream: NodeJS.WriteStream): Progress {
  let current = ''
  let begin = performance.now()
  let shownTenth = -1
  const seconds = () => `${((performance.now() - begin) / 1000).toFixed(0)} s`
  const end = () => {
    if (current !== '' && stream.isTTY) stream.write('\n')
    current = ''
  }
  return {
    end,
    step: what => {
      end()
      current = what
      begin = performance.now()
      shownTenth = -1
      stream.write(stream.isTTY ? what : `${what}\n`)
    },
    at: share => {
      const tenth = Math.floor(share * 10)
      if (stream.isTTY) {
        const full = Math.round(share * barWidth)
        const bar = '#'.repeat(full) + '.'.repeat(barWidth - full)
        stream.write(`\r${current} [${bar}] ${seconds()} `)
      } else if (tenth > shownTenth && tenth > 0) stream.write(`  ${tenth * 10} % after ${seconds()}\n`)
      shownTenth = tenth
    },
  }
}
