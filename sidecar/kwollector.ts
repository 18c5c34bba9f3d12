#!/usr/bin/env -S node --disable-warning=ExperimentalWarning
import { hostname } from 'node:os'
import { Collector } from './collector.ts'
import { BadConfiguration, type OptionDefinition, type OptionValues, readOptions } from './config.ts'
import type { DatabaseAddress } from './database.ts'
import { loadDescriptions } from './descriptions.ts'
import { Intake } from './intake.ts'
import { openLog } from './log.ts'
import { PolledDescriptions } from './polled_descriptions.ts'
import { systemClock } from './schedule.ts'
import { Spool } from './spool.ts'
import { Store } from './store.ts'

const kwollectorCommand = {
  name: 'kwollector',
  summary: 'Collects the metrics described in metrics_dir and stores them in the kwollect database.',
  options: {
    metrics_dir: {
      kind: 'text',
      default: '/etc/kwollect/metrics.d/',
      placeholder: 'DIR',
      help: 'folder of the descriptions, *.yml and *.yaml',
    },
    db_host: {
      kind: 'text',
      default: 'localhost',
      placeholder: 'HOST',
      help: 'PostgreSQL server, or the folder of its socket',
    },
    db_port: { kind: 'integer', default: 5432, minimum: 1, maximum: 65535, help: 'port of the server' },
    db_name: { kind: 'text', default: 'kwdb', placeholder: 'NAME', help: 'database' },
    db_user: { kind: 'text', default: 'kwuser', placeholder: 'USER', help: 'role that may insert' },
    db_password: { kind: 'secret', help: 'password of db_user' },
    log_level: {
      kind: 'choice',
      choices: ['debug', 'info', 'warning', 'error'],
      default: 'warning',
      help: 'the least important messages to write',
    },
    worker: {
      kind: 'integer',
      default: 8,
      minimum: 1,
      help: 'taken from files of kwollect 1.0 and without effect: a poll needs no worker, none waits for another',
    },
    spool_dir: {
      kind: 'text',
      default: '/var/lib/kwollect/',
      placeholder: 'DIR',
      help: 'folder where values wait for the database',
    },
    spool_max_mb: {
      kind: 'integer',
      default: 1024,
      minimum: 1,
      help: 'size of the spool; beyond it the oldest values go',
    },
    check: { kind: 'flag', help: 'read everything, print every error and exit' },
  },
} as const satisfies {
  name: string
  summary: string
  options: Record<string, OptionDefinition>
}

type KwollectorOptions = OptionValues<typeof kwollectorCommand.options>

const skipReportMs = 60_000

process.exitCode = await main()

async function main(): Promise<number> {
  try {
    const invocation = await readOptions(kwollectorCommand, process.argv.slice(2), process.env)
    if (invocation.kind === 'print') {
      console.log(invocation.text)
      return 0
    }
    const options = invocation.values
    return options.check ? await check(options) : await run(options)
  } catch (error) {
    // One sentence without a stack: what ends up here is a mistake in what the program was given.
    console.error(`kwollector: ${(error as Error).message}`)
    return error instanceof BadConfiguration ? 2 : 1
  }
}

async function check(options: KwollectorOptions): Promise<number> {
  const { descriptions, errors } = await loadDescriptions(options.metrics_dir)
  for (const error of errors) console.error(error)
  console.log(`${descriptions.length} descriptions are good, ${errors.length} errors`)
  return errors.length > 0 ? 2 : 0
}

/** Collects until SIGTERM or SIGINT. @returns the exit status */
async function run(options: KwollectorOptions): Promise<number> {
  const asked = signalsFrom(process)
  // With the reader of the log gone, the values still go where they belong.
  process.stderr.on('error', () => {})
  const log = openLog(options.log_level, line => process.stderr.write(line))
  const first = await loadDescriptions(options.metrics_dir)
  if (first.descriptions.length === 0 && first.errors.length > 0)
    throw new BadConfiguration(first.errors.join('\n'))

  const spool = Spool.open(options.spool_dir, options.spool_max_mb)
  const store = new Store(databaseOf(options), spool, hostname(), log)
  const intake = new Intake(spool, systemClock, log, () => store.notify())
  const collector = new Collector({ clock: systemClock, log, take: intake.take })
  const descriptions = new PolledDescriptions(databaseOf(options), collector, log)
  const skipReport = setInterval(() => collector.reportSkipped(), skipReportMs)

  store.start()
  await descriptions.use(first.descriptions, first.errors)
  asked.onHangup(() => void descriptions.reload(options.metrics_dir))
  await asked.toStop

  clearInterval(skipReport)
  await Promise.all([descriptions.stop(), collector.stop()])
  intake.stop()
  await store.stop()
  spool.close()
  return 0
}

function databaseOf(options: KwollectorOptions): DatabaseAddress {
  return {
    host: options.db_host,
    port: options.db_port,
    database: options.db_name,
    user: options.db_user,
    password: options.db_password,
  }
}

/** Listens from now on: a signal that comes while the program starts counts too. */
function signalsFrom(program: NodeJS.Process): {
  readonly toStop: Promise<void>
  onHangup(listener: () => void): void
} {
  let onHangup: (() => void) | undefined
  let hungUp = false
  program.on('SIGHUP', () => {
    if (onHangup === undefined) hungUp = true
    else onHangup()
  })
  const toStop = new Promise<void>(resolve => {
    for (const signal of ['SIGTERM', 'SIGINT'] as const) program.on(signal, () => resolve())
  })
  return {
    toStop,
    onHangup(listener) {
      onHangup = listener
      if (hungUp) listener()
    },
  }
}
