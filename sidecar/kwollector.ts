import { hostname } from 'node:os'
import { join, resolve } from 'node:path'
import { Collector } from './collector.ts'
import { databaseOf } from './common_options.ts'
import { BadConfiguration, readOptions } from './config.ts'
import { packageVersion } from './config_help.ts'
import { type Delivery, openDelivery } from './delivery.ts'
import { loadDescriptions } from './descriptions.ts'
import { JobPromotions } from './job_promotions.ts'
import { type KwollectorOptions, kwollectorCommand } from './kwollector_options.ts'
import { type Log, openLog } from './log.ts'
import { startMaintenance } from './maintenance.ts'
import { MetricsListener } from './metrics_listener.ts'
import { prepareLookups } from './name_lookups.ts'
import { growOldGenerationSlowly } from './old_generation.ts'
import { PolledDescriptions } from './polled_descriptions.ts'
import { systemClock } from './schedule.ts'
import { createSelfMetrics } from './self_metrics.ts'
import { findServiceManager } from './service_manager.ts'
import { signalsFrom } from './signals.ts'
import { StatusReport } from './status_report.ts'
import { watchFolder } from './watch_folder.ts'
import { holdYoungGeneration } from './young_generation.ts'

const skipReportMs = 60_000

// Not exitCode: look-ups of dead names that wait for a thread would be carried out first.
process.exit(await main())

async function main(): Promise<number> {
  prepareLookups(process.env)
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
  holdYoungGeneration()
  growOldGenerationSlowly()
  const asked = signalsFrom(process)
  // With the reader of the log gone, the values still go where they belong.
  process.stderr.on('error', () => {})
  const log = openLog(options.log_level, line => process.stderr.write(line))
  const serviceManager = findServiceManager(process.env, log)
  const first = await loadDescriptions(options.metrics_dir)
  if (first.descriptions.length === 0 && first.errors.length > 0)
    throw new BadConfiguration(first.errors.join('\n'))

  const database = databaseOf(options)
  const spool = { folder: options.spool_dir, limitMb: options.spool_max_mb }
  const { metrics_host, metrics_port } = options
  const listener =
    metrics_port === undefined ? undefined : await MetricsListener.open(metrics_host, metrics_port)
  const delivery = openDelivery(database, spool, log)
  const ipmi = { sdrFolder: join(options.spool_dir, 'sdr-cache'), processes: options.worker }
  const collector = new Collector({ clock: systemClock, log, take: delivery.take, ipmi })
  const descriptions = new PolledDescriptions(database, delivery.keptPromotions, collector, log)
  const maintenance = startMaintenance(database, systemClock, log)
  const jobPromotions = new JobPromotions(database, systemClock, log)
  const status = startStatus(options, { collector, delivery, listener, log })
  const skipReport = setInterval(() => collector.reportSkipped(), skipReportMs)

  descriptions.use(first.descriptions, first.errors)
  const reload = () => void descriptions.reload(options.metrics_dir)
  asked.onHangup(reload)
  const endWatch = watchFolder(options.metrics_dir, systemClock, log, reload)
  serviceManager.ready(() => descriptions.summary)
  await asked.toStop

  serviceManager.stopping()
  endWatch()
  clearInterval(skipReport)
  await Promise.all([descriptions.stop(), collector.stop(), maintenance.stop(), jobPromotions.stop()])
  await delivery.stop()
  await status.stop()
  return 0
}

interface StatusParts {
  readonly collector: Collector
  readonly delivery: Delivery
  readonly listener: MetricsListener | undefined
  readonly log: Log
}

/** What the program tells of itself: to the database, and on metrics_port. */
function startStatus(options: KwollectorOptions, { collector, delivery, listener, log }: StatusParts) {
  const version = packageVersion()
  const sources = {
    hosts: () => collector.status(),
    delivery: () => delivery.status(),
    identity: { host: hostname(), spoolDir: resolve(options.spool_dir), version },
  }
  const report = new StatusReport(databaseOf(options), systemClock, log, sources)
  const deadLetters = () => report.deadLetters
  listener?.serve(createSelfMetrics({ ...sources, deadLetters, version, now: systemClock.now }))
  return {
    async stop() {
      await Promise.all([report.stop(), listener?.stop()])
    },
  }
}
