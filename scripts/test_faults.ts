/**
 * `npm run test:faults`: every fault of the suite in its long form, 1,000 kill points among them, and the tests of bad
 * input. Progress goes to standard error, a Markdown report to standard output, or to the file of `--report`.
 *
 * Exit statuses: 0 nothing was lost, doubled or hung, 1 something was, 2 bad options.
 */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { createInterface } from 'node:readline'
import { stripVTControlCharacters } from 'node:util'
import { type OptionDefinition, readOptions } from '../sidecar/config.ts'
import { type FaultReport, lengthVariable, outageVariable, reportVariable } from '../test/faults/faults.ts'
import { repository } from '../test/harness/processes.ts'
import { machineFacts, markdownTable } from './machine.ts'

const command = {
  name: 'npm run test:faults --',
  summary:
    'Kills, cuts, fills, damages and misleads kwollector for about 13 minutes, and counts what is stored.',
  options: {
    report: {
      kind: 'text',
      placeholder: 'FILE',
      help: 'where the report goes; standard output where absent',
    },
    outage_s: {
      kind: 'integer',
      default: 600,
      minimum: 1,
      help: 'how long PostgreSQL is away in the test of an outage',
    },
  },
} as const satisfies { name: string; summary: string; options: Record<string, OptionDefinition> }

/** Besides test/faults/: hostile devices and what cannot be parsed. These have one length only. */
const furtherTests = [
  'batch',
  'exposition',
  'intake',
  'ipmi_failures',
  'ipmi_output',
  'prometheus_failures',
  'prometheus_limits',
  'schedule',
  'schedule_back_off',
  'snmp_codec',
  'snmp_hostile',
  'snmp_loss',
  'snmp_tables',
  'snmp_values',
  'snmp_walk',
  'spool',
  'store',
  'wattmetre_kills',
  'wattmetre_line',
].map(name => `test/sidecar/${name}.test.ts`)

/** What the runner printed about the tests. */
interface Outcome {
  readonly status: number
  readonly passed: number
  readonly failed: readonly string[]
  readonly skipped: readonly string[]
  /** "a private cluster of PostgreSQL 15, …" */
  readonly server: string
  readonly seconds: number
}

process.exitCode = await main()

async function main(): Promise<number> {
  let invocation: Awaited<ReturnType<typeof readOptions<typeof command.options>>>
  try {
    invocation = await readOptions(command, process.argv.slice(2), {})
  } catch (error) {
    console.error((error as Error).message)
    return 2
  }
  if (invocation.kind === 'print') {
    console.log(invocation.text)
    return 0
  }
  const { report, outage_s } = invocation.values
  const folder = mkdtempSync(join(tmpdir(), 'kwollect-faults-'))
  try {
    const reportFile = join(folder, 'report')
    const outcome = await runTests({
      [lengthVariable]: 'long',
      [reportVariable]: reportFile,
      [outageVariable]: String(outage_s),
    })
    const text = markdown(outcome, existsSync(reportFile) ? readReports(reportFile) : [])
    if (report === undefined) console.log(text)
    else writeFileSync(resolve(process.env.INIT_CWD ?? '', report), text)
    return outcome.status
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

async function runTests(environment: NodeJS.ProcessEnv): Promise<Outcome> {
  const began = performance.now()
  const script = join(repository, 'scripts', 'test.ts')
  // Two files at once: the outage waits most of the time.
  const args = [script, '--timeout=90m', '--concurrency=2', 'test/faults/*.test.ts', ...furtherTests]
  const runner = spawn(process.execPath, args, {
    cwd: repository,
    env: { ...process.env, ...environment },
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  const exit = once(runner, 'exit') as Promise<[number | null]>
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => runner.kill(signal))
  let [passed, server] = [0, 'no server']
  const [failed, skipped]: [string[], string[]] = [[], []]
  for await (const coloured of createInterface({ input: runner.stdout })) {
    console.error(coloured)
    const line = stripVTControlCharacters(coloured)
    if (line.startsWith('  ✔ ')) passed += 1
    if (line.startsWith('  ✘ [fail]: ')) failed.push(line.slice('  ✘ [fail]: '.length))
    if (line.startsWith('skipped: ')) skipped.push(line.slice('skipped: '.length))
    if (line.startsWith('left ')) failed.push(line)
    if (line.startsWith('tests run on ')) server = line.slice('tests run on '.length)
  }
  const [status] = await exit
  const seconds = Math.round((performance.now() - began) / 1000)
  return { status: status ?? 1, passed, failed, skipped, server, seconds }
}

function readReports(file: string): FaultReport[] {
  return readFileSync(file, 'utf8')
    .trimEnd()
    .split('\n')
    .map(line => JSON.parse(line) as FaultReport)
}

function markdown(outcome: Outcome, reports: readonly FaultReport[]): string {
  const facts: [string, string][] = [
    ['result', outcome.status === 0 ? 'passed' : '**FAILED**'],
    ...machineFacts(),
    ['server', outcome.server],
    ['duration', `${Math.floor(outcome.seconds / 60)} min ${outcome.seconds % 60} s`],
    ['tests', `${outcome.passed} passed, ${outcome.failed.length} failed, ${outcome.skipped.length} skipped`],
  ]
  const counted = ['values', 'missing', 'doubled', 'foreign']
  const rows = reports.map(({ title, seed, seconds, figures }) => [
    title,
    ...counted.map(name => figures[name] ?? '-'),
    Object.entries(figures)
      .filter(([name]) => !counted.includes(name))
      .map(([name, figure]) => `${name}: ${figure}`)
      .join(', '),
    seed,
    `${seconds} s`,
  ])
  return [
    '# Faults',
    '',
    markdownTable(['', ''], facts),
    '',
    markdownTable(['fault', ...counted, 'figures', 'seed', 'duration'], rows),
    '',
    ...outcome.failed.map(title => `- failed: ${title}`),
    ...outcome.skipped.map(title => `- skipped: ${title}`),
    '',
  ].join('\n')
}
