import { execFileSync } from 'node:child_process'
import {
  chmodSync,
  chownSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { basename, join } from 'node:path'
import { type Child, lastLines, type StopStep, startChild, stopChild } from './child.ts'
import { chosenSettings, type Durability } from './cluster_settings.ts'
import { freePort } from './free_port.ts'
import { commandLine, endLeftover, identify } from './process_identity.ts'
import { findServerPrograms, type ServerPrograms } from './programs.ts'
import { keptSecret } from './secret_file.ts'
import { canEnter, type SystemUser, unprivilegedUser, wrapCommand } from './unprivileged.ts'
import { until } from './until.ts'

export interface ClusterOptions {
  /** Holds everything of the cluster: `data/`, `password`, `server.log`, the socket. Made where absent, mode 0700. */
  readonly folder: string
  readonly durability: Durability
  /** Server settings that override the chosen ones. */
  readonly settings?: Readonly<Record<string, string>>
  readonly programs?: ServerPrograms
}

/** Where and as whom a client connects. */
export interface ServerAddress {
  readonly host: string
  readonly port: number
  readonly user: string
  readonly password: string
}

/** The server did not start. The message ends with the last lines of its log. */
class ClusterFailed extends Error {
  override name = 'ClusterFailed'
}

const admin = 'postgres'
const startTimeoutMs = 60_000
/** INT disconnects clients and writes a checkpoint; QUIT gives up that, and the next start replays the log. */
const stopSteps: readonly StopStep[] = [
  ['SIGINT', 3_500],
  ['SIGQUIT', 1_000],
  ['SIGKILL', 500],
]
/** `sun_path` has 108 bytes with its end (Linux; 104 on BSD), of which "/.s.PGSQL.65535.lock" takes 20. */
const longestSocketFolder = 83

/**
 * A PostgreSQL cluster that belongs to this process alone: its own folder, port, password and socket, run by
 * an unprivileged user where this process is root. It touches no other server of the machine.
 */
export class Cluster {
  readonly folder: string
  readonly dataFolder: string
  readonly logFile: string
  readonly #options: ClusterOptions
  readonly #programs: ServerPrograms
  readonly #user: SystemUser | undefined
  #server: Child | undefined
  #port = 0
  #socketFolder: string

  constructor(options: ClusterOptions) {
    this.#options = options
    this.#programs = options.programs ?? findServerPrograms(versionOfData(join(options.folder, 'data')))
    this.#user = unprivilegedUser(admin)
    this.folder = options.folder
    this.dataFolder = join(options.folder, 'data')
    this.logFile = join(options.folder, 'server.log')
    this.#socketFolder = options.folder
  }

  /** TCP on 127.0.0.1 with a SCRAM password; the port is chosen at each start. */
  get address(): ServerAddress {
    return {
      host: '127.0.0.1',
      port: this.#port,
      user: admin,
      password: keptSecret(join(this.folder, 'password')),
    }
  }

  /** A `db_host` for connections without a password, from root and the server's own user only. */
  get socketFolder(): string {
    return this.#socketFolder
  }

  /** The running server; undefined before the start and after the stop. */
  get server(): Child | undefined {
    return this.#server
  }

  /**
   * Makes the cluster where there is none, ends what a killed run left, starts the server and waits until
   * it accepts connections. Also the way back after {@link kill}.
   *
   * @param signal gives up the start
   * @throws {ClusterFailed} with the end of the server's log
   */
  async start(signal?: AbortSignal): Promise<void> {
    this.#prepareFolder()
    await this.#endStaleServer()
    const deadline = performance.now() + startTimeoutMs
    // A server that comes back after kill is found where it was: its clients have its port in a file.
    for (;;) {
      this.#port ||= await freePort()
      const failure = await this.#tryToStart(signal)
      if (failure === undefined) return
      if (!isPassing(failure) || performance.now() > deadline) throw new ClusterFailed(failure)
      if (isPortTaken(failure)) this.#port = 0
    }
  }

  /** Stops the server: fast, at once where that takes too long. Data are safe either way. */
  async stop(): Promise<void> {
    if (this.#server) await stopChild(this.#server, stopSteps)
    this.#server = undefined
    if (this.#socketFolder !== this.folder) rmSync(this.#socketFolder, { recursive: true, force: true })
    this.#socketFolder = this.folder
  }

  /** SIGKILL to the server's first process, as the kernel's out-of-memory killer does it. */
  async kill(): Promise<void> {
    this.#server?.signal('SIGKILL')
    await this.#server?.ended
    this.#server = undefined
  }

  #prepareFolder(): void {
    this.#checkOwner()
    mkdirSync(this.folder, { recursive: true, mode: 0o700 })
    chmodSync(this.folder, 0o700)
    if (this.#user) {
      chownSync(this.folder, this.#user.uid, this.#user.gid)
      if (!canEnter(this.folder, this.#user)) {
        throw new ClusterFailed(
          `the user ${this.#user.name} cannot enter ${this.folder}: a folder above it is closed`,
        )
      }
    }
    const isTooLong = Buffer.byteLength(this.#socketFolder) > longestSocketFolder
    if (isTooLong) this.#socketFolder = this.#shortFolder()
    if (!existsSync(join(this.dataFolder, 'PG_VERSION'))) this.#initialise()
  }

  /** PostgreSQL runs only on data of its own user, and taking them over is not ours to decide. */
  #checkOwner(): void {
    if (!existsSync(this.dataFolder)) return
    const owner = statSync(this.dataFolder).uid
    const expected = this.#user?.uid ?? process.getuid?.()
    if (expected === undefined || owner === expected) return
    throw new ClusterFailed(
      `${this.dataFolder} belongs to the user ${owner} and PostgreSQL would run as ${expected}: start as the user who made it, or remove ${this.folder} and the data in it`,
    )
  }

  #shortFolder(): string {
    const folder = mkdtempSync(join(tmpdir(), 'kwollect-pg-'))
    if (this.#user) chownSync(folder, this.#user.uid, this.#user.gid)
    return folder
  }

  /** Under another name first: an initdb that was interrupted leaves nothing that looks like a cluster. */
  #initialise(): void {
    const passwordFile = join(this.folder, 'password')
    keptSecret(passwordFile)
    if (this.#user) chownSync(passwordFile, this.#user.uid, this.#user.gid)
    const partial = join(this.folder, 'data.partial')
    rmSync(partial, { recursive: true, force: true })
    const { command, args } = wrapCommand(
      join(this.#programs.binFolder, 'initdb'),
      [
        `--pgdata=${partial}`,
        `--username=${admin}`,
        `--pwfile=${passwordFile}`,
        '--auth-local=trust',
        '--auth-host=scram-sha-256',
        '--encoding=UTF8',
        '--locale=C.UTF-8',
        ...(this.#options.durability === 'throw-away' ? ['--no-sync'] : []),
      ],
      this.#user,
      'KILL',
    )
    try {
      execFileSync(command, args, { cwd: this.folder, stdio: ['ignore', 'ignore', 'pipe'] })
    } catch (error) {
      throw new ClusterFailed(`initdb failed: ${(error as { stderr?: Buffer }).stderr ?? String(error)}`)
    }
    renameSync(partial, this.dataFolder)
  }

  /** A server that outlived its parent holds the data; a process that merely got its number does not. */
  async #endStaleServer(): Promise<void> {
    const pid = Number(this.#pidFileLines()[0])
    const identity = identify(pid)
    if (!identity) return
    const command = commandLine(pid)
    const isOurs =
      basename(command[0] ?? '') === 'postgres' && command[command.indexOf('-D') + 1] === this.dataFolder
    if (isOurs) await endLeftover(identity, ['SIGINT', 'SIGQUIT'])
    // PostgreSQL itself takes any living process of that number for its server and would refuse to start.
    else rmSync(join(this.dataFolder, 'postmaster.pid'))
  }

  async #tryToStart(signal?: AbortSignal): Promise<string | undefined> {
    const server = await startChild({
      name: 'PostgreSQL',
      command: join(this.#programs.binFolder, 'postgres'),
      args: ['-D', this.dataFolder, ...this.#settings()],
      logFile: this.logFile,
      folder: this.folder,
      user: this.#user,
      deathSignal: 'INT',
    })
    this.#server = server
    const isSettled = () => server.ending() !== undefined || this.#isReady()
    try {
      await until('the start of PostgreSQL', isSettled, startTimeoutMs, signal)
    } catch (error) {
      await this.stop()
      throw error
    }
    if (server.ending() === undefined) return undefined
    this.#server = undefined
    return `PostgreSQL did not start (${server.ending()}):\n${lastLines(this.logFile)}`
  }

  /** The eighth line of postmaster.pid is the server's own word for it; pg_ctl reads the same. */
  #isReady(): boolean {
    const lines = this.#pidFileLines()
    return Number(lines[0]) === this.#server?.identity.pid && lines[7]?.trim() === 'ready'
  }

  /** @returns no line where the server is not there, or takes its file away at this moment */
  #pidFileLines(): string[] {
    try {
      return readFileSync(join(this.dataFolder, 'postmaster.pid'), 'utf8').split('\n')
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'ENOENT') return []
      throw error
    }
  }

  #settings(): string[] {
    const settings = {
      ...chosenSettings(this.#options.durability, this.#programs),
      listen_addresses: '127.0.0.1',
      port: String(this.#port),
      unix_socket_directories: this.#socketFolder,
      ...this.#options.settings,
    }
    return Object.entries(settings).flatMap(([name, value]) => ['-c', `${name}=${value}`])
  }
}

function versionOfData(dataFolder: string): number | undefined {
  const file = join(dataFolder, 'PG_VERSION')
  return existsSync(file) ? Number.parseInt(readFileSync(file, 'utf8'), 10) : undefined
}

/** Another program took the port first, or processes of a killed server still detach from its memory. */
function isPassing(failure: string): boolean {
  return isPortTaken(failure) || failure.includes('pre-existing shared memory block')
}

function isPortTaken(failure: string): boolean {
  return /Address already in use|could not bind/.test(failure)
}
