import { mkdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { stringify } from 'yaml'
import { type Child, lastLines, type StopStep, startChild, stopChild } from './child.ts'
import { Cluster } from './cluster.ts'
import { startDemoJob } from './demo_job.ts'
import { type DeviceFolders, demoNodes, startAgents, startExporter } from './devices.ts'
import { isPortFree } from './free_port.ts'
import { startPostgrest } from './postgrest.ts'
import { keptSecret, writePrivateFile } from './secret_file.ts'
import type { StateFolder } from './state_folder.ts'

const repository = join(import.meta.dirname, '..', '..')
const database = { name: 'kwdb', user: 'kwuser' } as const

/** kwollector first, while all that it needs is there; it has its values on disk within a moment. */
const collectorStop: readonly StopStep[] = [
  ['SIGTERM', 4_000],
  ['SIGKILL', 500],
]
const otherStop: readonly StopStep[] = [
  ['SIGTERM', 1_000],
  ['SIGKILL', 500],
]

/** Tells what has been done, for the line that each step prints. */
export type Step = (what: string, work: () => Promise<string>) => Promise<void>

export interface StackOptions {
  /** The user's own descriptions; without them a real snmpd and a real exporter are started and polled. */
  readonly metricsFolder: string | undefined
  /** Wanted for PostgREST; another one is taken where it is not free. */
  readonly apiPort: number
}

/** All servers of `npm start`, their order and their files. */
export class EmbeddedStack {
  readonly #folder: StateFolder
  readonly #options: StackOptions
  readonly #cluster: Cluster
  readonly #others: Child[] = []
  #collector: Child | undefined
  #url = ''
  #job: number | undefined

  constructor(folder: StateFolder, options: StackOptions) {
    this.#folder = folder
    this.#options = options
    for (const name of ['log', 'api', 'spool', 'secrets', 'metrics.d']) this.#makeFolder(name, 0o700)
    // snmpd reads its configuration, which holds no secret, as a user of its own.
    this.#makeFolder('devices', 0o755)
    this.#cluster = new Cluster({ folder: join(folder.path, 'cluster'), durability: 'kept' })
  }

  /** PostgREST's address, without a slash at the end. */
  get url(): string {
    return this.#url
  }

  /** The number of a job that runs on the devices that this stack brings; undefined where it has none. */
  get job(): number | undefined {
    return this.#job
  }

  get collectorLog(): string {
    return join(this.#folder.path, 'log', 'kwollector.log')
  }

  /** A psql command line that asks for no password; the file named in it is the user's alone. */
  get psql(): string {
    return `PGPASSFILE=${this.#path('pgpass')} psql -h 127.0.0.1 -p ${this.#cluster.address.port} -U ${database.user}_ro ${database.name}`
  }

  async start(step: Step, signal: AbortSignal): Promise<void> {
    await step('PostgreSQL', () => this.#startCluster(signal))
    await step('database', () => this.#setUp(signal))
    await step('PostgREST', () => this.#startApi(signal))
    if (this.#options.metricsFolder === undefined) {
      const folders = this.#deviceFolders()
      const keep = (child: Child) => this.#keep(child)
      await step('snmpd', async () => (await startAgents(folders, keep, signal)).summary)
      await step('exporter', async () => (await startExporter(folders, keep, signal)).summary)
      await step('job', () => this.#startJob())
    }
    await step('kwollector', () => this.#startCollector(signal))
  }

  /** Settles when a server ends that nobody asked to: the sentence to show, with the end of its log. */
  async untilOneEnds(): Promise<string> {
    const children = [this.#collector, ...this.#others, this.#cluster.server].filter(
      child => child !== undefined,
    )
    return Promise.race(
      children.map(async child => {
        const ending = await child.ended
        return `${child.name} ended unexpectedly (${ending}); the end of ${child.logFile}:\n${lastLines(child.logFile)}`
      }),
    )
  }

  /** Ends everything within 10 s, the database last. */
  async stop(): Promise<void> {
    if (this.#collector) await stopChild(this.#collector, collectorStop)
    await Promise.all(this.#others.map(child => stopChild(child, otherStop)))
    await this.#cluster.stop()
  }

  async #startCluster(signal: AbortSignal): Promise<string> {
    await this.#cluster.start(signal)
    if (this.#cluster.server) this.#folder.record(this.#cluster.server.identity)
    return `127.0.0.1:${this.#cluster.address.port}, data in ${this.#cluster.dataFolder}`
  }

  /** The real command, with its passwords in a file that only this user can read. */
  async #setUp(signal: AbortSignal): Promise<string> {
    const { host, port, user, password } = this.#cluster.address
    const reader = keptSecret(this.#path('secrets', 'kwuser_ro'))
    const optionsFile = this.#path('setup.yaml')
    const options = {
      db_host: host,
      db_port: port,
      db_admin: user,
      db_admin_password: password,
      kwollect_db_name: database.name,
      kwollect_user: database.user,
      kwollect_password: this.#writerPassword(),
      kwollect_password_ro: reader,
      retention_day: 7,
    }
    writePrivateFile(optionsFile, stringify(options))
    writePrivateFile(this.#path('pgpass'), `127.0.0.1:*:${database.name}:${database.user}_ro:${reader}\n`)
    const child = await startChild({
      name: 'kwollect-setup-db',
      command: process.execPath,
      args: [
        join(repository, 'scripts', 'kwollect-setup-db.ts'),
        optionsFile,
        '--output_dir',
        this.#path('api'),
      ],
      logFile: this.#path('log', 'setup.log'),
    })
    const cancel = () => child.signal('SIGTERM')
    signal.addEventListener('abort', cancel)
    const ending = await child.ended
    signal.removeEventListener('abort', cancel)
    signal.throwIfAborted()
    if (ending !== 'exit status 0')
      throw new Error(`kwollect-setup-db: ${ending}\n${lastLines(child.logFile)}`)
    const [first = ''] = readFileSync(child.logFile, 'utf8').split('\n')
    return first.replace(/\.$/, '')
  }

  async #startApi(signal: AbortSignal): Promise<string> {
    const wanted = this.#options.apiPort
    const isFree = await isPortFree(wanted)
    const { child, url } = await startPostgrest({
      configurationFile: this.#path('api', 'postgrest.conf'),
      logFile: this.#path('log', 'postgrest.log'),
      port: isFree ? wanted : undefined,
      signal,
    })
    this.#keep(child)
    this.#url = url
    return isFree ? url : `${url}, because port ${wanted} is taken`
  }

  async #startJob(): Promise<string> {
    this.#job = await startDemoJob(this.#cluster.address, database.name, demoNodes)
    return this.#job === undefined
      ? 'none: nodetime_per_job is yours'
      : `${this.#job} runs on ${demoNodes.join(', ')}`
  }

  async #startCollector(signal: AbortSignal): Promise<string> {
    signal.throwIfAborted()
    const { host, port } = this.#cluster.address
    const metricsFolder = this.#options.metricsFolder ?? this.#path('metrics.d')
    const configurationFile = this.#path('kwollector.yaml')
    const configuration = {
      metrics_dir: metricsFolder,
      spool_dir: this.#path('spool'),
      db_host: host,
      db_port: port,
      db_name: database.name,
      db_user: database.user,
      db_password: this.#writerPassword(),
    }
    writePrivateFile(configurationFile, stringify(configuration))
    this.#collector = await startChild({
      name: 'kwollector',
      command: process.execPath,
      args: [join(repository, 'sidecar', 'kwollector.ts'), configurationFile],
      logFile: this.collectorLog,
    })
    this.#folder.record(this.#collector.identity)
    return `polls the devices of ${metricsFolder}`
  }

  #writerPassword(): string {
    return keptSecret(this.#path('secrets', 'kwuser'))
  }

  #keep(child: Child): void {
    this.#others.push(child)
    this.#folder.record(child.identity)
  }

  #deviceFolders(): DeviceFolders {
    return { configuration: this.#path('devices'), log: this.#path('log'), metrics: this.#path('metrics.d') }
  }

  #makeFolder(name: string, mode: number): void {
    mkdirSync(this.#path(name), { recursive: true, mode })
  }

  #path(...names: string[]): string {
    return join(this.#folder.path, ...names)
  }
}
