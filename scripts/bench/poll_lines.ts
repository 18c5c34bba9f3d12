import type { PollOutcome } from './poll_run.ts'
import type { Stored } from './poll_stored.ts'
import { absoluteLine, type Line, shareLine, type Target, type Work } from './report.ts'

/** What a scenario asks for beyond the usual. */
export interface PollTargets {
  /** Of a core; one process of Node cannot use more than a whole one without falling behind. */
  readonly kwollectorPercent?: number
}

/** Everything due is stored once and on time, it is soon visible, and costs no more than it may. */
export function usualLines(title: string, outcome: PollOutcome, targets: PollTargets): Line[] {
  return [
    storedLine(title, outcome, { bound: '>=', value: 1, unit: 'x' }),
    ...onTimeLines(title, outcome),
    ageLine(title, outcome),
    coreLine(title, outcome, targets.kwollectorPercent ?? 100),
    ...memoryLines(title, outcome),
  ]
}

/** Where datagrams are lost, a value may be missing and a repeated request be late. */
export function lossLines(title: string, outcome: PollOutcome): Line[] {
  const interval = { bound: '<', value: 1_000, unit: 'ms' } as const
  return [
    storedLine(title, outcome, { bound: '>=', value: 0.999, unit: 'x' }),
    {
      ...absoluteLine(work(title, 'interval error, p99', interval), outcome.stored.intervalErrorP99),
      note: errorNote(outcome),
    },
    ageLine(title, outcome),
    coreLine(title, outcome, 100),
    ...memoryLines(title, outcome),
  ]
}

/** One round of a comparison: two kwollectors at the same time. */
export interface Pair {
  readonly beside: PollOutcome
  readonly alone: PollOutcome
}

/**
 * What dead agents cost the others. A share of 5 % where there is a share; of two times that are a small part of
 * what is allowed, the difference may be 5 % of that: a p99 of 1.1 ms is no worse than one of 1 ms.
 * What is due must be there in every round; what is compared is the middle one's of an odd number of rounds.
 */
export function comparisonLines(title: string, pairs: readonly Pair[]): Line[] {
  const least = { bound: '>=', value: 0.95, unit: 'x' } as const
  const most = { bound: '<=', value: 1.05, unit: 'x' } as const
  const later = { bound: '<=', value: 0.5, unit: 'ms' } as const
  const older = { bound: '<=', value: 100, unit: 'ms' } as const
  const rounds = allRounds(pairs.map(({ beside }) => beside))
  return [
    storedLine(title, rounds, { bound: '>=', value: 1, unit: 'x' }),
    ...onTimeLines(title, rounds),
    ratioLine(work(title, 'values stored', least), pairs, rate, 'values/s'),
    ratioLine(
      work(title, 'CPU of kwollector', most),
      pairs,
      ({ watched }) => percent(watched.cores.kwollector),
      '% of a core',
    ),
    differenceLine(
      work(title, 'schedule error, p99, later by', later),
      pairs,
      ({ stored }) => stored.error.p99,
    ),
    differenceLine(
      work(title, 'age when visible, p99, older by', older),
      pairs,
      ({ watched }) => watched.ageP99 * 1_000,
    ),
  ]
}

/** What is said of a run, or of several as one. */
type Counted = Pick<PollOutcome, 'seconds' | 'stored'>

/** Counts add up; of what is measured, the worst. */
function allRounds(outcomes: readonly Counted[]): Counted {
  const sum = (count: (outcome: Counted) => number) =>
    outcomes.reduce((total, outcome) => total + count(outcome), 0)
  const worst = (figure: (stored: Stored) => number) =>
    Math.max(...outcomes.map(({ stored }) => figure(stored)))
  return {
    seconds: sum(({ seconds }) => seconds),
    stored: {
      due: sum(({ stored }) => stored.due),
      stored: sum(({ stored }) => stored.stored),
      doubled: sum(({ stored }) => stored.doubled),
      polls: sum(({ stored }) => stored.polls),
      pollsMissed: sum(({ stored }) => stored.pollsMissed),
      error: {
        p50: worst(({ error }) => error.p50),
        p99: worst(({ error }) => error.p99),
        max: worst(({ error }) => error.max),
      },
      valueErrorP99: worst(({ valueErrorP99 }) => valueErrorP99),
      drift: worst(({ drift }) => Math.abs(drift)),
      intervalErrorP99: worst(({ intervalErrorP99 }) => intervalErrorP99),
    },
  }
}

function storedLine(title: string, outcome: Counted, target: Target): Line {
  const { due, stored, doubled } = outcome.stored
  return {
    ...shareLine(
      work(title, 'values stored, of those due', target),
      rate(outcome),
      due / outcome.seconds,
      'values/s',
    ),
    note: `${count(stored)} of ${count(due)} stored, ${count(due - stored)} missing, ${count(doubled)} twice`,
  }
}

function onTimeLines(title: string, outcome: Counted): Line[] {
  const { polls, pollsMissed, error, drift } = outcome.stored
  const none = { bound: '<=', value: 0, unit: 'polls' } as const
  const early = { bound: '<', value: 10, unit: 'ms' } as const
  const steady = { bound: '<', value: 1, unit: 'ms' } as const
  return [
    { ...absoluteLine(work(title, 'polls missed', none), pollsMissed), note: `of ${count(polls)}` },
    { ...absoluteLine(work(title, 'schedule error, p99', early), error.p99), note: errorNote(outcome) },
    absoluteLine(work(title, 'drift from the first fifth to the last', steady), Math.abs(drift)),
  ]
}

function errorNote({ stored: { error, valueErrorP99 } }: Counted): string {
  const ms = (value: number) => `${value.toFixed(1)} ms`
  return `p50 ${ms(error.p50)}, max ${ms(error.max)}; of single values, p99 ${ms(valueErrorP99)}`
}

function ageLine(title: string, { watched }: PollOutcome): Line {
  const soon = { bound: '<=', value: 2, unit: 's' } as const
  return absoluteLine(work(title, 'age when it becomes visible, p99', soon), watched.ageP99)
}

function coreLine(title: string, outcome: PollOutcome, most: number): Line {
  const { kwollector, postgres, agents, bench, others } = outcome.watched.cores
  const beside = [['postgres', postgres], ...agents, ['bench', bench], ['other programs', others]] as const
  const cost = ((kwollector / rate(outcome)) * 1e6).toFixed(1)
  return {
    ...absoluteLine(
      work(title, 'CPU of kwollector', { bound: '<=', value: most, unit: '% of a core' }),
      percent(kwollector),
    ),
    note: `${cost} us a value; ${beside.map(([name, cores]) => `${name} ${percent(cores).toFixed(0)} %`).join(', ')}`,
  }
}

/** The heap takes the size that a load needs within the first minutes. */
const settledSeconds = 180

/** 200 MB are for up to 30,000 series; a site with more of them may take as much more. */
function memoryLines(title: string, { series, seconds, watched: { memory } }: PollOutcome): Line[] {
  const most = Math.round(200 * Math.max(1, series / 30_000))
  const flat = { bound: '<=', value: 110, unit: '%' } as const
  const megabytes = (mebibytes: number) => mebibytes * megabytesPerMebibyte
  const size = {
    ...absoluteLine(
      work(title, 'resident memory, most', { bound: '<', value: most, unit: 'MB' }),
      megabytes(memory.max),
    ),
    note: `${count(series)} series`,
  }
  if (seconds < settledSeconds) return [size]
  const growth = absoluteLine(
    work(title, 'resident memory at the end, of that at the beginning', flat),
    (memory.late / memory.early) * 100,
  )
  const note = `${megabytes(memory.early).toFixed(0)} MB, then ${megabytes(memory.late).toFixed(0)} MB; ${megabytes(memory.perHour).toFixed(1)} MB an hour in the second half`
  return [size, { ...growth, note }]
}

const megabytesPerMebibyte = 2 ** 20 / 1e6

/** The round whose ratio is the middle one; the note has them all. */
function ratioLine(
  own: Work,
  pairs: readonly Pair[],
  figure: (outcome: PollOutcome) => number,
  unit: string,
): Line {
  const rounds = compare(pairs, figure, (beside, alone) => beside / alone)
  const line = shareLine(own, rounds.middle.beside, rounds.middle.alone, unit)
  return { ...line, note: `rounds: ${rounds.compared.map(ratio => `${ratio.toFixed(3)} x`).join(', ')}` }
}

function differenceLine(own: Work, pairs: readonly Pair[], figure: (outcome: PollOutcome) => number): Line {
  const { middle, compared } = compare(pairs, figure, (beside, alone) => beside - alone)
  const ms = (value: number) => value.toFixed(1)
  return {
    ...absoluteLine(own, middle.beside - middle.alone),
    note: `${ms(middle.beside)} ms, without them ${ms(middle.alone)} ms; rounds: ${compared.map(ms).join(', ')} ms`,
  }
}

/** @returns how the figure compares in each round, the smallest first, and the figures of the round in the middle */
function compare(
  pairs: readonly Pair[],
  figure: (outcome: PollOutcome) => number,
  comparison: (beside: number, alone: number) => number,
) {
  const rounds = pairs
    .map(pair => ({ beside: figure(pair.beside), alone: figure(pair.alone) }))
    .map(figures => ({ ...figures, compared: comparison(figures.beside, figures.alone) }))
    .sort((a, b) => a.compared - b.compared)
  const middle = rounds[rounds.length >> 1] ?? { beside: Number.NaN, alone: Number.NaN }
  return { middle, compared: rounds.map(({ compared }) => compared) }
}

function work(title: string, what: string, target: Target): Work {
  return { name: `${title}: ${what}`, target }
}

function rate({ stored, seconds }: Counted): number {
  return stored.stored / seconds
}

function percent(cores: number): number {
  return cores * 100
}

function count(values: number): string {
  return values.toLocaleString('en')
}
