import type { PollOutcome } from './poll_run.ts'
import { absoluteLine, type Line, shareLine, type Target } from './report.ts'

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

/**
 * What dead agents cost the others. A share of 5 % where there is a share; of two times that are a small part of
 * what is allowed, the difference may be 5 % of that: a p99 of 1.1 ms is no worse than one of 1 ms.
 */
export function comparisonLines(title: string, beside: PollOutcome, alone: PollOutcome): Line[] {
  const least = { bound: '>=', value: 0.95, unit: 'x' } as const
  const most = { bound: '<=', value: 1.05, unit: 'x' } as const
  const later = { bound: '<=', value: 0.5, unit: 'ms' } as const
  const older = { bound: '<=', value: 100, unit: 'ms' } as const
  return [
    storedLine(title, beside, { bound: '>=', value: 1, unit: 'x' }),
    ...onTimeLines(title, beside),
    shareLine(work(title, 'values stored', least), rate(beside), rate(alone), 'values/s'),
    shareLine(
      work(title, 'CPU of kwollector', most),
      percent(beside.watched.cores.kwollector),
      percent(alone.watched.cores.kwollector),
      '% of a core',
    ),
    differenceLine(
      work(title, 'schedule error, p99, later by', later),
      [beside, alone],
      outcome => outcome.stored.error.p99,
    ),
    differenceLine(
      work(title, 'age when visible, p99, older by', older),
      [beside, alone],
      outcome => outcome.watched.ageP99 * 1_000,
    ),
  ]
}

function storedLine(title: string, outcome: PollOutcome, target: Target): Line {
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

function onTimeLines(title: string, outcome: PollOutcome): Line[] {
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

function errorNote({ stored: { error, valueErrorP99 } }: PollOutcome): string {
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

function differenceLine(
  own: { readonly name: string; readonly target: Target },
  [beside, alone]: readonly [PollOutcome, PollOutcome],
  figure: (outcome: PollOutcome) => number,
): Line {
  const [with_, without] = [figure(beside), figure(alone)]
  return {
    ...absoluteLine(own, with_ - without),
    note: `${with_.toFixed(1)} ms, without them ${without.toFixed(1)} ms`,
  }
}

function work(title: string, what: string, target: Target) {
  return { name: `${title}: ${what}`, target }
}

function rate({ stored, seconds }: PollOutcome): number {
  return stored.stored / seconds
}

function percent(cores: number): number {
  return cores * 100
}

function count(values: number): string {
  return values.toLocaleString('en')
}
