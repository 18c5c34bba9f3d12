/**
 * `npm run bench -- NAME`: measures, prints a table, and ends with status 1 where a target is missed. With `--json`
 * standard output is an array of {@link Line}; progress goes to standard error. `npm run bench -- all` runs every
 * bench with its defaults, one after the other, and can write a report.
 *
 * Exit statuses: 0 all targets met, 1 one missed or a failure, 2 bad options.
 */
import { chmodSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import {
  BadConfiguration,
  type Command,
  type OptionDefinitions,
  type OptionValues,
  readOptions,
} from '../sidecar/config.ts'
import { benchAll } from './bench/all.ts'
import { benchDashboard, dashboardOptions } from './bench/dashboard.ts'
import { benchImport, importOptions } from './bench/import.ts'
import { benchJobs, jobsOptions } from './bench/jobs.ts'
import { benchPoll, pollOptions } from './bench/poll.ts'
import { exitStatus, type Line, table } from './bench/report.ts'
import { benchSql, sqlOptions } from './bench/sql.ts'
import { benchWattmetre, wattmetreOptions } from './bench/wattmetre.ts'
import { type Progress, showProgress } from './progress.ts'
import { type StateFolder, takeStateFolder } from './stack/state_folder.ts'

const commonOptions = {
  json: { kind: 'flag', help: 'print an array of {name, ours, baseline, unit, ratio, target, met}' },
  keep: {
    kind: 'text',
    placeholder: 'DIR',
    help: 'keep the data set there, so that the next run measures at once; a temporary folder where absent',
  },
} as const satisfies OptionDefinitions

const sqlCommand = {
  name: 'npm run bench -- sql',
  summary: 'Measures storage and queries against the wide layout of kwollect 1.0.',
  options: { ...sqlOptions, ...commonOptions },
} as const

const wattmetreCommand = {
  name: 'npm run bench -- wattmetre',
  summary: 'Measures kwollector-wattmetre from its standard input to stored values.',
  options: { ...wattmetreOptions, ...commonOptions },
} as const

const pollCommand = {
  name: 'npm run bench -- poll',
  summary:
    'Measures kwollector against real agents, BMCs and exporters, from the moment due to the stored value.',
  options: { ...pollOptions, ...commonOptions },
} as const

const jobsCommand = {
  name: 'npm run bench -- jobs',
  summary: "Measures the way from OAR's hooks to stored values, and queries by job; needs OAR's packages.",
  options: { ...jobsOptions, ...commonOptions },
} as const

const dashboardCommand = {
  name: 'npm run bench -- dashboard',
  summary: 'Measures the graphical view in a real browser; needs Chromium (scripts/bootstrap --for-tests).',
  options: { ...dashboardOptions, ...commonOptions },
} as const

const importCommand = {
  name: 'npm run bench -- import',
  summary: 'Measures the import of a kwollect 1.x database, killed twice.',
  options: { ...importOptions, ...commonOptions },
} as const

/** Each bench by its name: reads its own options and gives its lines. */
const benches: Readonly<Record<string, (args: string[], signal: AbortSignal) => Promise<number>>> = {
  dashboard: (args, signal) => bench(dashboardCommand, benchDashboard, args, signal),
  import: (args, signal) => bench(importCommand, benchImport, args, signal),
  sql: (args, signal) => bench(sqlCommand, benchSql, args, signal),
  jobs: (args, signal) => bench(jobsCommand, benchJobs, args, signal),
  poll: (args, signal) => bench(pollCommand, benchPoll, args, signal),
  wattmetre: (args, signal) => bench(wattmetreCommand, benchWattmetre, args, signal),
}

async function bench<const Definitions extends OptionDefinitions & typeof commonOptions>(
  command: Command<Definitions>,
  measure: (
    values: OptionValues<Definitions>,
    folder: StateFolder,
    progress: Progress,
    signal: AbortSignal,
  ) => Promise<Line[]>,
  args: readonly string[],
  signal: AbortSignal,
): Promise<number> {
  const invocation = await readOptions(command, args, {})
  if (invocation.kind === 'print') {
    console.log(invocation.text)
    return 0
  }
  const { values } = invocation
  const { keep, json }: OptionValues<typeof commonOptions> = values
  const progress = showProgress(process.stderr)
  const lines = await inFolder(keep, folder => measure(values, folder, progress, signal))
  progress.end()
  return print(lines, json ? 'json' : 'table')
}

process.exitCode = await main(process.argv.slice(2))

async function main([name = '', ...args]: string[]): Promise<number> {
  const stop = new AbortController()
  // Twice for one Ctrl-C: npm passes it on.
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => stop.abort())
  const chosen = benches[name]
  const names = Object.keys(benches)
  if (chosen === undefined && name !== 'all') {
    console.error(`npm run bench -- NAME [options]; NAME is one of: ${names.join(', ')}, all`)
    return 2
  }
  try {
    return await (chosen?.(args, stop.signal) ?? benchAll(names, args, stop.signal))
  } catch (error) {
    console.error(stop.signal.aborted ? 'stopped' : (error as Error).message)
    return error instanceof BadConfiguration ? 2 : 1
  }
}

function print(lines: readonly Line[], form: 'json' | 'table'): number {
  console.log(form === 'json' ? JSON.stringify(lines, undefined, 2) : table(lines))
  return exitStatus(lines)
}

/** In the folder to keep, or in a temporary one that goes with the run. */
async function inFolder<T>(keep: string | undefined, work: (folder: StateFolder) => Promise<T>): Promise<T> {
  const temporary = keep === undefined ? mkdtempSync(join(tmpdir(), 'kwollect-bench-')) : undefined
  // PostgreSQL runs as another user where this is root, and has to pass.
  if (temporary !== undefined) chmodSync(temporary, 0o711)
  // Relative to where the user is: npm itself changes to the package's folder and says where it came from.
  const folder = await takeStateFolder(temporary ?? resolve(process.env.INIT_CWD ?? '', keep ?? ''))
  try {
    return await work(folder)
  } finally {
    folder.release()
    if (temporary !== undefined) rmSync(temporary, { recursive: true, force: true })
  }
}
