#!/usr/bin/env -S node --disable-warning=ExperimentalWarning
import { hostname } from 'node:os'
import { Collector } from './collector.ts'
import { BadConfiguration, type OptionDefinition, type OptionValues, readOptions } from './config.ts'
import { type Description, loadDescriptions } from './descriptions.ts'
import { Intake } from './intake.ts'
import { type Log, openLog } from './log.ts'
import { Promotions } from './promoted.ts'
import { systemClock } from './schedule.ts'
import { Spool } from './spool.ts'
import { type DatabaseAddress, Store } from './store.ts'

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
  await untilAskedToStop(() => descriptions.reload(options.metrics_dir))

  clearInterval(skipReport)
  await descriptions.stop()
  await collector.stop()
  intake.flush()
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

async function untilAskedToStop(onHangup: () => Promise<void>): Promise<void> {
  const hangup = () => void onHangup()
  process.on('SIGHUP', hangup)
  await new Promise<void>(resolve => {
    for (const signal of ['SIGTERM', 'SIGINT'] as const) process.on(signal, () => resolve())
  })
}

/** The set of descriptions in use, and those of its optional ones that are promoted. */
class PolledDescriptions {
  readonly #collector: Collector
  readonly #promotions: Promotions
  readonly #log: Log
  #always: readonly Description[] = []
  #promoted: readonly Description[] = []

  constructor(database: DatabaseAddress, collector: Collector, log: Log) {
    this.#collector = collector
    this.#log = log
    this.#promotions = new Promotions(database, log, async promoted => {
      this.#promoted = promoted
      await this.#apply()
    })
  }

  /** Polls the good descriptions; an error costs only what it stands for. */
  async use(descriptions: readonly Description[], errors: readonly string[]): Promise<void> {
    for (const error of errors) this.#log.error(error)
    const { always = [], optional = [] } = Object.groupBy(descriptions, ({ optional }) =>
      optional ? 'optional' : 'always',
    )
    this.#always = always
    this.#promoted = []
    await this.#apply()
    this.#promotions.watch(optional)
    this.#log.info(`${always.length} metrics are collected, ${optional.length} on demand`)
  }

  /** At SIGHUP: the running set stays where a file has an error. */
  async reload(metricsDir: string): Promise<void> {
    const { descriptions, errors } = await loadDescriptions(metricsDir)
    if (errors.length === 0) return this.use(descriptions, [])
    for (const error of errors) this.#log.error(error)
    this.#log.error(`${metricsDir} is not taken over: ${errors.length} errors, all listed above`)
  }

  async stop(): Promise<void> {
    await this.#promotions.stop()
  }

  async #apply(): Promise<void> {
    await this.#collector.setDescriptions([...this.#always, ...this.#promoted])
  }
}
