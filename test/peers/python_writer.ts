/** Python's clients of PostgreSQL (Debian: python3-psycopg2, python3-asyncpg), with which programs write for kwollect 1.x. */
import { spawnSync } from 'node:child_process'
import { run } from '../harness/processes.ts'

/** Debian's own Python, which has Debian's packages, even where another one comes first in the path. */
const PYTHON = '/usr/bin/python3'

/** Why programs in Python cannot run here; undefined where they can. */
export const pythonClientsMissing: string | undefined =
  spawnSync(PYTHON, ['-c', 'import asyncpg, psycopg2']).status === 0
    ? undefined
    : 'a client of PostgreSQL in Python is not installed (packages python3-psycopg2, python3-asyncpg)'

/** Each way of COPY that the two libraries have, as a program uses it: rows, and a connection as `dsn`. */
const SCRIPTS = {
  // COPY metrics ("timestamp", …) FROM STDIN WITH DELIMITER AS '\t' NULL AS '\\N'
  'psycopg2 copy_from': `
import psycopg2
with psycopg2.connect(dsn) as connection, connection.cursor() as cursor:
    lines = io.StringIO("".join("\\t".join([*row[:3], str(row[3]), json.dumps(row[4]).replace("\\\\", "\\\\\\\\")]) + "\\n" for row in rows))
    cursor.copy_from(lines, "metrics", columns=("timestamp", "device_id", "metric_id", "value", "labels"))
`,
  'psycopg2 copy_expert': `
import psycopg2
with psycopg2.connect(dsn) as connection, connection.cursor() as cursor:
    lines = io.StringIO("".join("\\t".join([row[1], row[2], str(row[3])]) + "\\n" for row in rows))
    cursor.copy_expert("COPY metrics(device_id, metric_id, value) FROM STDIN", lines)
`,
  // COPY "metrics"("timestamp", …) FROM STDIN WITH (FORMAT binary)
  'asyncpg copy_records_to_table': `
import asyncio, asyncpg, datetime
async def write():
    connection = await asyncpg.connect(dsn)
    records = [(datetime.datetime.fromisoformat(row[0]), *row[1:3], float(row[3]), json.dumps(row[4])) for row in rows]
    columns = ["timestamp", "device_id", "metric_id", "value", "labels"]
    await connection.copy_records_to_table("metrics", records=records, columns=columns)
    await connection.close()
asyncio.run(write())
`,
} as const

export type PythonWay = keyof typeof SCRIPTS
export const pythonWays = Object.keys(SCRIPTS) as PythonWay[]

/** timestamp in ISO 8601, device_id, metric_id, value as Python writes it, labels. */
export type PythonRow = readonly [string, string, string, string, Readonly<Record<string, string>>]

/** Runs the program; the address, which holds a password, goes in on standard input. @throws with Python's words */
export async function writeWithPython(
  way: PythonWay,
  dsn: string,
  rows: readonly PythonRow[],
): Promise<void> {
  const script = `import io, json, sys\ndsn, rows = json.load(sys.stdin)\n${SCRIPTS[way]}`
  const { status, stderr } = await run(PYTHON, ['-c', script], { input: JSON.stringify([dsn, rows]) })
  if (status !== 0) throw new Error(stderr)
}
