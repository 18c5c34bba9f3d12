import { chmodSync, chownSync, mkdirSync, writeFileSync } from 'node:fs'
import { createConnection } from 'node:net'
import { join } from 'node:path'
import postgres from 'postgres'
import { lastLines, startChild, stopChild } from '../../scripts/stack/child.ts'
import { freePort } from '../../scripts/stack/free_port.ts'
import { type SystemUser, unprivilegedUser, wrapCommand } from '../../scripts/stack/unprivileged.ts'
import { until } from '../../scripts/stack/until.ts'
import { temporaryFolder } from '../harness/folders.ts'
import { run } from '../harness/processes.ts'
import type { Scope } from '../harness/scope.ts'
import { oarConfiguration } from './oar_configuration.ts'
import { type OarDatabase, oarPrograms, startOarDatabase } from './oar_database.ts'

export interface OarOptions {
  /** Network addresses of the nodes; a name that stands twice has two resources (cores). */
  readonly nodes: readonly string[]
  /** Holds the four hooks under their usual names before the first job; no hooks where absent. */
  readonly hookFolder?: string
}

/** A running OAR: its own PostgreSQL, Almighty with scheduler and launcher, nodes on this machine. */
export interface Oar extends OarDatabase {
  /** As the owner of OAR's database. */
  readonly sql: postgres.Sql
  /** Who runs OAR and its hooks; undefined where that is this process's user. */
  readonly user: SystemUser | undefined
  /** oarsub with these arguments. @returns the job's id */
  submit(...args: readonly string[]): Promise<number>
  /** Another command of OAR, such as oardel. */
  command(name: string, ...args: readonly string[]): Promise<string>
  untilState(job: number, ...states: readonly string[]): Promise<void>
}

/** Starts a complete OAR 2.5 without root's rights, as an ordinary user where this process is root; 5 s. */
export async function startOar(scope: Scope, options: OarOptions): Promise<Oar> {
  const database = await startOarDatabase(scope)
  // The user of the jobs must have a shell to log in with, which oar and nobody have not.
  const user = unprivilegedUser('postgres')
  const folder = temporaryFolder(scope, 0o755)
  const port = await freePort()
  writeFiles(
    folder,
    user,
    oarConfiguration({ folder, port, database: database.cluster.address.port, ...options }),
  )
  const environment = environmentOf(folder, user)
  const command = async (name: string, ...args: readonly string[]) => {
    const wrapped = wrapCommand(join(oarPrograms, name), args, user, 'KILL')
    const outcome = await run(wrapped.command, wrapped.args, { environment, folder: join(folder, 'home') })
    if (outcome.status !== 0)
      throw new Error(`${name} ended with ${outcome.status}: ${outcome.stdout}${outcome.stderr}`)
    return outcome.stdout
  }

  const almighty = await startChild({
    name: 'Almighty',
    command: join(oarPrograms, 'Almighty'),
    args: [],
    environment,
    user,
    folder: join(folder, 'home'),
    logFile: join(folder, 'almighty.log'),
  })
  scope.teardown(() => stopChild(almighty))
  const sql = postgres(database.ownerUrl, { max: 2, onnotice: () => {} })
  scope.teardown(() => sql.end({ timeout: 5 }))
  scope.teardown(() => endJobs(sql, command))
  await until('the start of OAR', () => {
    if (almighty.ending() !== undefined) throw new Error(`Almighty ended:\n${lastLines(almighty.logFile)}`)
    return accepts(port)
  })
  for (const node of options.nodes) await command('oarnodesetting', '-a', '-h', node, '-p', 'cpuset=0')

  return {
    ...database,
    sql,
    user,
    command,
    submit: async (...args) => {
      const output = await command('oarsub', ...args)
      return Number(/^OAR_JOB_ID=(\d+)$/m.exec(output)?.[1] ?? fail(output))
    },
    untilState: async (job, ...states) => {
      await until(
        `the state ${states.join(' or ')} of job ${job}`,
        async () =>
          (await sql`select from jobs where job_id = ${job} and state = any (${states as string[]})`).length >
          0,
        30_000,
      )
    },
  }
}

function fail(output: string): never {
  throw new Error(`oarsub named no job: ${output}`)
}

/** Stand-ins for the two programs that need root: one becomes another user, one runs a command on a node. */
const ssh = `#!/bin/sh
while [ $# -gt 0 ]; do case "$1" in -p|-e|-o|-l|-i) shift 2;; -*) shift;; *) break;; esac; done
shift; exec sh -c "$*"
`
const oardodo = '#!/bin/sh\nunset OARDO_BECOME_USER\nexec "$@"\n'

function writeFiles(folder: string, user: SystemUser | undefined, configuration: string): void {
  const ours = ['home', 'run', 'bin'].map(name => join(folder, name))
  for (const path of ours) mkdirSync(path)
  for (const [name, content, mode] of [
    ['oar.conf', configuration, 0o600],
    ['bin/ssh', ssh, 0o755],
    ['bin/oardodo', oardodo, 0o755],
    ['home/.bashrc', '', 0o644],
    ['oar.log', '', 0o644],
  ] as const) {
    const path = join(folder, name)
    writeFileSync(path, content)
    chmodSync(path, mode)
    ours.push(path)
  }
  if (user) for (const path of ours) chownSync(path, user.uid, user.gid)
}

/** The wrappers of the package, which root owns, would read /etc/oar/oar.conf: the programs behind them are told. */
function environmentOf(folder: string, user: SystemUser | undefined): Record<string, string> {
  const name = user?.name ?? process.env.USER ?? 'nobody'
  return {
    OARCONFFILE: join(folder, 'oar.conf'),
    OARDIR: oarPrograms,
    OARUSER: name,
    OARDO_USER: name,
    OARDO_UID: String(user?.uid ?? process.getuid?.()),
    OARXAUTHLOCATION: '/usr/bin/xauth',
    PERL5LIB: oarPrograms,
    HOME: join(folder, 'home'),
    PWD: join(folder, 'home'), // where oarsub thinks it is, and where jobs write what they print
    USER: name,
    LOGNAME: name,
    SHELL: '/bin/bash',
    LANG: 'C.UTF-8',
    PATH: `${join(folder, 'bin')}:${oarPrograms}:/usr/local/bin:/bin:/sbin:/usr/bin:/usr/sbin`,
  }
}

/** Jobs have processes of their own, which Almighty leaves behind when it ends. */
async function endJobs(sql: postgres.Sql, command: Oar['command']): Promise<void> {
  const jobs = await sql<
    { job_id: string }[]
  >`select job_id from jobs where state not in ('Terminated', 'Error')`
  if (jobs.length > 0) await command('oardel', ...jobs.map(job => job.job_id))
  await until(
    'the end of all jobs',
    async () => (await sql`select from jobs where state not in ('Terminated', 'Error')`).length === 0,
    20_000,
  )
}

async function accepts(port: number): Promise<boolean> {
  return new Promise(resolve => {
    const socket = createConnection({ host: '127.0.0.1', port })
    socket.once('connect', () => {
      socket.destroy()
      resolve(true)
    })
    socket.once('error', () => resolve(false))
  })
}
