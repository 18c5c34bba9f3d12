import { hostname } from 'node:os'
import { join, resolve } from 'node:path'
import { databaseOf } from './common_options.ts'
import { BadConfiguration, readOptions } from './config.ts'
import { packageVersion } from './config_help.ts'
import { type Delivery, openDelivery } from './delivery.ts'
import { type Log, openLog } from './log.ts'
import { prepareLookups } from './name_lookups.ts'
import { nameProblem } from './names.ts'
import { Promotions } from './promoted.ts'
import { systemClock } from './schedule.ts'
import { findServiceManager } from './service_manager.ts'
import { type AskedBySignals, signalsFrom } from './signals.ts'
import { StatusReport } from './status_report.ts'
import { emptyMapping, type LoadedMapping, loadMapping, type Mapping } from './wattmetre/mapping.ts'
import { type WattmetreOptions, wattmetreCommand } from './wattmetre/options.ts'
import { type Port, portDevice } from './wattmetre/ports.ts'
import { Wattmetre } from './wattmetre/wattmetre.ts'
import { holdYoungGeneration } from './young_generation.ts'

/** After SIGTERM, for what the reading program, which is often ended by the same signal, still has to say. */
const lastWordsMs = 500
/** At the end of the input the database may take its time for what waits, as long as it answers. */
const drainMs = 600_000

// Not exitCode: the look-up of a dead name would be waited for to its end.
process.exit(await main())

async function main(): Promise<number> {
  prepareLookups(process.env)
  try {
    const invocation = await readOptions(wattmetreCommand, process.argv.slice(2), process.env)
    if (invocation.kind === 'run') return await run(invocation.values)
    console.log(invocation.text)
    return 0
  } catch (error) {
    // One sentence without a stack: what ends up here is a mistake in what the program was given.
    console.error(`kwollector-wattmetre: ${(error as Error).message}`)
    return error instanceof BadConfiguration ? 2 : 1
  }
}

/** Stores what comes until the end of the input, SIGTERM or SIGINT. @returns the exit status */
async function run(options: WattmetreOptions): Promise<number> {
  holdYoungGeneration()
  const asked = signalsFrom(process)
  // With the reader of the log gone, the values still go where they belong.
  process.stderr.on('error', () => {})
  const log = openLog(options.log_level, line => process.stderr.write(line))
  const serviceManager = findServiceManager(process.env, log)
  const mapping = await firstMapping(options)

  const database = databaseOf(options)
  const spool = { folder: spoolFolder(options), limitMb: options.spool_max_mb }
  const delivery = openDelivery(database, spool, log)
  const promotions = new Promotions<Port>(database, delivery.keptPromotions, log, promoted =>
    wattmetre.setPromoted(promoted),
  )
  const wattmetre = new Wattmetre({
    id: options.wattmetre_id,
    version: options.wattmetre_version === 3 ? 3 : 2,
    log,
    clock: systemClock,
    now: () => performance.now(),
    take: delivery.take,
    onPorts: ports => wattmetre.setPromoted(promotions.watch(ports)),
  })
  wattmetre.useMapping(mapping)
  const report = new StatusReport(database, systemClock, log, {
    hosts: () => [wattmetre.status()],
    delivery: () => delivery.status(),
    identity: { host: hostname(), spoolDir: resolve(spool.folder), version: packageVersion() },
  })
  let reloads = Promise.resolve()
  asked.onHangup(() => {
    // One after the other: the last one must be the one that stays.
    reloads = reloads.then(() => reload(options, wattmetre, log))
  })

  let status = `reads the lines of ${options.wattmetre_id}`
  serviceManager.ready(() => status)
  const ending = await readInput(wattmetre, asked, log)
  // What follows the end of the input may take long: the manager's time-out is for one that was asked to stop.
  if (ending === 'asked to stop') serviceManager.stopping()
  else status = 'the input has ended; what waits is stored'
  wattmetre.stop()
  const delivered = ending === 'asked to stop' ? delivery.stop() : drain(delivery, asked)
  await Promise.all([delivered, promotions.stop()])
  await report.stop()
  return ending === 'unreadable' ? 1 : 0
}

/** A folder of its own: several wattmetres and kwollector may share spool_dir. */
function spoolFolder({ spool_dir, wattmetre_id }: WattmetreOptions): string {
  return join(spool_dir, `wattmetre-${encodeURIComponent(wattmetre_id)}`)
}

/** @throws {BadConfiguration} */
async function firstMapping(options: WattmetreOptions): Promise<Mapping> {
  const wrong = options.wattmetre_id === '' ? 'is empty' : nameProblem(portDevice(options.wattmetre_id, 0))
  if (wrong !== undefined) throw new BadConfiguration(`wattmetre_id ${wrong}`)
  const { mapping, errors } = await loadMappingOf(options)
  if (errors.length > 0) throw new BadConfiguration(errors.join('\n'))
  return mapping
}

async function loadMappingOf({ mapping_file_path, wattmetre_id }: WattmetreOptions): Promise<LoadedMapping> {
  if (mapping_file_path === undefined) return { mapping: emptyMapping, errors: [] }
  return loadMapping(mapping_file_path, wattmetre_id)
}

/** At SIGHUP: the mapping in use stays where the file has an error. */
async function reload(options: WattmetreOptions, wattmetre: Wattmetre, log: Log): Promise<void> {
  const { mapping, errors } = await loadMappingOf(options)
  for (const error of errors) log.error(error)
  if (errors.length > 0) log.error('the mapping file is not taken over; the former mapping stays')
  else {
    wattmetre.useMapping(mapping)
    log.info(`the mapping file is taken over: ${mapping.devices.size} ports power a device`)
  }
}

type Ending = 'end of input' | 'asked to stop' | 'unreadable'

/** Reads standard input to its end; never waits for the database, so that the writer never waits for us. */
async function readInput(wattmetre: Wattmetre, asked: AskedBySignals, log: Log): Promise<Ending> {
  const { stdin } = process
  stdin.on('data', piece => wattmetre.read(piece))
  const ended = new Promise<Ending>(resolve => {
    stdin.once('end', () => resolve('end of input'))
    stdin.once('error', error => {
      log.error(`cannot read standard input: ${error.message}`)
      resolve('unreadable')
    })
  })
  const stopped = asked.toStop.then(
    () => new Promise<Ending>(resolve => setTimeout(() => resolve('asked to stop'), lastWordsMs)),
  )
  const ending = await Promise.race([ended, stopped])
  if (ending === 'end of input') wattmetre.endOfInput()
  stdin.removeAllListeners('data')
  stdin.destroy()
  return ending
}

/** Waits until what is spooled is stored, or the database away; a signal shortens it. */
async function drain(delivery: Delivery, asked: AskedBySignals): Promise<void> {
  const stopped = asked.toStop.then(() => delivery.stop())
  await Promise.race([delivery.stop(drainMs), stopped])
}
