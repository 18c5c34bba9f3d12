import type postgres from 'postgres'
import type { DueMetric } from './poll_load.ts'

/** A stretch of time, in Unix milliseconds; its end is not part of it. */
export interface Window {
  readonly from: number
  readonly to: number
}

/** What the database has of the values that were due in a window. */
export interface Stored {
  readonly due: number
  /** Each counts once. */
  readonly stored: number
  /** Those that were stored more than once. */
  readonly doubled: number
  readonly polls: number
  /** Polls of which nothing was stored. */
  readonly pollsMissed: number
  /**
   * Between the moment at which a poll was due and its first request, in ms; early is negative. p50 and p99 are those of
   * grouped data, as moments are stored in whole milliseconds.
   */
  readonly error: { readonly p50: number; readonly p99: number; readonly max: number }
  /** The same of every value: later requests of a poll wait for the answers of the first. */
  readonly valueErrorP99: number
  /** How much the mean error differs between the first and the last fifth of the window, in ms. */
  readonly drift: number
  /** Between the period and the time from a value to the next of its series, in ms: p99. */
  readonly intervalErrorP99: number
}

/** A timer may fire a little early; more than this before the moment is another poll. */
const earlyMs = 20

/**
 * Compares what is stored with the grid of each metric.
 *
 * @param sql one connection: what is computed on the way lies in temporary tables
 */
export async function readStored(
  sql: postgres.Sql,
  due: readonly DueMetric[],
  window: Window,
): Promise<Stored> {
  await makeDueTable(sql, due)
  await makeReadingTable(sql, window)
  return { ...(await readPolls(sql, window)), ...(await readErrors(sql, window)) }
}

async function makeDueTable(sql: postgres.Sql, due: readonly DueMetric[]): Promise<void> {
  await sql`drop table if exists bench_due, bench_reading`
  await sql`
    create temporary table bench_due as
    select due.*
      from unnest(
             ${due.map(({ host }) => host)}::text[]
           , ${due.map(({ deviceId }) => deviceId)}::text[]
           , ${due.map(({ metricId }) => metricId)}::text[]
           , ${due.map(({ series }) => series)}::bigint[]
           , ${due.map(({ periodMs }) => periodMs)}::bigint[]
           , ${due.map(({ phaseMs }) => phaseMs)}::bigint[]
           ) as due (host, device_id, metric_id, series, period, phase)`
}

/** Each stored value with the moment that it is for, the last of its grid. */
async function makeReadingTable(sql: postgres.Sql, { from, to }: Window): Promise<void> {
  await sql`
    create temporary table bench_reading as
    select due.host
         , series.series_id
         , due.period
         , stored.at
         , moment.at as moment
         , (stored.at - moment.at)::real as error
      from bench_due as due
      join kwollect.series as series using (device_id, metric_id)
      join kwollect.samples as sample using (series_id)
     cross join lateral (select extract(epoch from sample.timestamp)::float8 * 1000) as stored (at)
     cross join lateral (
             select due.phase + due.period * floor((stored.at + ${earlyMs} - due.phase) / due.period)::bigint
           ) as moment (at)
     where sample.timestamp >= to_timestamp(${from - earlyMs}::float8 / 1000)
       and sample.timestamp < to_timestamp(${to}::float8 / 1000) + due.period * interval '1 millisecond'
       and moment.at >= ${from}
       and moment.at < ${to}`
}

async function readPolls(sql: postgres.Sql, { from, to }: Window) {
  const [row] = await sql<{ due: string; stored: string; doubled: string; polls: string; missed: string }[]>`
    with grid as (
           select due.host
                , moment.at as moment
                , sum(due.series) as series
             from (
                    select host, period, phase, sum(series) as series
                      from bench_due
                     group by host, period, phase
                  ) as due
            cross join lateral generate_series(
                    ${from}::bigint + ((due.phase - ${from}::bigint) % due.period + due.period) % due.period
                  , ${to - 1}::bigint
                  , due.period
                  ) as moment (at)
            group by due.host, moment.at
         )
       , poll as (
           select host
                , moment
                , count(*) as copies
                , count(distinct series_id) as series
             from bench_reading
            group by host, moment
         )
    select sum(grid.series) as due
         , sum(coalesce(poll.series, 0)) as stored
         , sum(coalesce(poll.copies - poll.series, 0)) as doubled
         , count(*) as polls
         , count(*) filter (where poll.series is null) as missed
      from grid
      left join poll using (host, moment)`
  return {
    due: Number(row?.due),
    stored: Number(row?.stored),
    doubled: Number(row?.doubled),
    polls: Number(row?.polls),
    pollsMissed: Number(row?.missed),
  }
}

async function readErrors(sql: postgres.Sql, { from, to }: Window) {
  const fifth = (to - from) / 5
  const [row] = await sql<{ p50: number; p99: number; max: number; drift: number | null; value: number }[]>`
    with poll as (
           select moment
                , min(error) as error
             from bench_reading
            group by host, moment
         )
       , spread as (
           -- Moments are stored in whole milliseconds, cut off: those of one millisecond stand for all of it.
           select moment
                , error
                , whole + (row_number() over (partition by whole) - 0.5) / count(*) over (partition by whole) as finely
             from poll
            cross join lateral (select floor(error + 0.01)) as cut (whole)
         )
    select percentile_cont(0.5) within group (order by finely) as p50
         , percentile_cont(0.99) within group (order by finely) as p99
         , max(error) as max
         , avg(error) filter (where moment >= ${to - fifth})
         - avg(error) filter (where moment < ${from + fifth}) as drift
         , (select percentile_cont(0.99) within group (order by error) from bench_reading) as value
      from spread`
  const [interval] = await sql<{ p99: number }[]>`
    select percentile_cont(0.99) within group (order by abs(step.length - step.period)) as p99
      from (
             select at - lag(at) over (partition by series_id order by at) as length
                  , period
               from bench_reading
           ) as step
     where step.length is not null`
  const { p50 = Number.NaN, p99 = Number.NaN, max = Number.NaN, drift, value = Number.NaN } = row ?? {}
  return {
    error: { p50, p99, max },
    drift: drift ?? Number.NaN,
    valueErrorP99: value,
    intervalErrorP99: interval?.p99 ?? Number.NaN,
  }
}
