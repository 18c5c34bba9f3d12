import { type SeriesKey, seriesOf } from './batch.ts'
import { type Connection, reasonOf } from './database.ts'
import type { KnownSeries } from './known_series.ts'

/** Where series are learnt, and how long one statement may take. */
interface Lesson {
  readonly connection: Connection
  readonly known: KnownSeries
  readonly answerMs: number
}

/**
 * Asks the database for the numbers of series that are not known yet, which it gives to those that it did not know.
 *
 * @param keys all series of a batch; those that are known stay known
 * @returns the series that the database refused, with its reason
 * @throws the database's error where it is away
 */
export async function learnSeries(
  lesson: Lesson,
  keys: readonly SeriesKey[],
): Promise<ReadonlyMap<SeriesKey, string>> {
  const refused = new Map<SeriesKey, string>()
  // postgres.js would turn a lone surrogate into U+FFFD, and two series into one.
  const unknown = keys.filter(key => !lesson.known.keep(key))
  for (const key of unknown) if (!isStorable(key)) refused.set(key, 'a name is no valid Unicode')
  await resolveOrRefuse(
    lesson,
    unknown.filter(key => !refused.has(key)),
    refused,
  )
  return refused
}

/** One series that cannot be stored costs no other: halves until it is alone, so that many good ones stay few statements. */
async function resolveOrRefuse(
  lesson: Lesson,
  keys: readonly SeriesKey[],
  refused: Map<SeriesKey, string>,
): Promise<void> {
  if (keys.length === 0) return
  try {
    await resolve(lesson, keys)
  } catch (error) {
    if (!isRefusal(error)) throw error
    const [only] = keys
    if (keys.length === 1 && only !== undefined) {
      refused.set(only, reasonOf(error))
      return
    }
    const middle = keys.length >> 1
    await resolveOrRefuse(lesson, keys.slice(0, middle), refused)
    await resolveOrRefuse(lesson, keys.slice(middle), refused)
  }
}

async function resolve({ connection, known, answerMs }: Lesson, keys: readonly SeriesKey[]): Promise<void> {
  const wanted = keys.map(seriesOf)
  const rows = await connection.answerWithin(
    answerMs,
    connection.sql<{ ordinal: string; series_id: string }[]>`
      select ordinal, series_id
        from kwollect.resolve_series(
               ${wanted.map(({ deviceId }) => deviceId)}::text[]
             , ${wanted.map(({ metricId }) => metricId)}::text[]
             , ${wanted.map(({ labels }) => JSON.stringify(labels))}::text[]::jsonb[]
             )`,
  )
  for (const { ordinal, series_id } of rows) {
    const key = keys[Number(ordinal) - 1]
    if (key !== undefined) known.set(key, series_id)
  }
}

/** The database understood and said no: what it was asked to store is at fault, not the connection. */
function isRefusal(error: unknown): boolean {
  const { code } = error as { code?: string }
  return typeof code === 'string' && /^(22|23|54)...$/.test(code)
}

function isStorable(key: SeriesKey): boolean {
  const { deviceId, metricId } = seriesOf(key)
  return deviceId.isWellFormed() && metricId.isWellFormed()
}
