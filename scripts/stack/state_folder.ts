import { createHash } from 'node:crypto'
import { chmodSync, existsSync, mkdirSync, readFileSync, realpathSync, statSync, symlinkSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { endLeftover, type ProcessIdentity } from './process_identity.ts'
import { writePrivateFile } from './secret_file.ts'
import { canEnter, unprivilegedUser } from './unprivileged.ts'

/** The folder of the embedded stack cannot be used. The message says what to do. */
class StateFolderUnusable extends Error {
  override name = 'StateFolderUnusable'
}

/** Where a stack lives whose own place is closed to the servers' user. */
const substituteParent = '/var/lib/kwollect-embedded'

/** The folder of the embedded stack, held by this process alone. */
export interface StateFolder {
  /** Without symbolic links. */
  readonly path: string
  /** Set where the folder is a symbolic link to a place that the servers' user can enter. */
  readonly substitute: string | undefined
  /** Keeps a child's identity so that the next start can end it, should this process be killed. */
  record(child: ProcessIdentity): void
  release(): void
}

/**
 * Makes the folder where there is none, takes it for this process, and ends what a killed run left running.
 *
 * @throws {StateFolderUnusable} where another run holds it or it belongs to another user
 */
export async function takeStateFolder(place: string): Promise<StateFolder> {
  const substitute = makeFolder(place)
  const path = realpathSync(place)
  const lock = takeLock(path)
  const recordFile = join(path, 'run.json')
  for (const child of readRecord(recordFile).children.reverse())
    await endLeftover(child, ['SIGTERM', 'SIGINT', 'SIGKILL'])
  const children: ProcessIdentity[] = []
  const write = () => writePrivateFile(recordFile, JSON.stringify({ pid: process.pid, children }))
  write()
  return {
    path,
    substitute,
    record: child => {
      children.push(child)
      write()
    },
    release: () => lock.close(),
  }
}

/** Others may pass the folder, not list it: the servers run as another user where this is root. */
function makeFolder(place: string): string | undefined {
  const user = unprivilegedUser('postgres')
  const parent = dirname(place)
  mkdirSync(parent, { recursive: true })
  if (user && !existsSync(place) && !canEnter(parent, user)) {
    const name = createHash('sha256').update(place).digest('hex').slice(0, 16)
    const substitute = join(substituteParent, name)
    mkdirSync(substitute, { recursive: true })
    symlinkSync(substitute, place)
  }
  mkdirSync(place, { recursive: true })
  const path = realpathSync(place)
  const { uid } = statSync(path)
  if (process.getuid && uid !== process.getuid()) {
    throw new StateFolderUnusable(
      `${path} belongs to the user ${uid}: start as that user, or remove the folder and the data in it`,
    )
  }
  chmodSync(path, 0o711)
  return path.startsWith(`${substituteParent}/`) ? path : undefined
}

/** SQLite's lock is one of the kernel: it ends with this process, however that ends, and no stale file can fake it. */
function takeLock(path: string): DatabaseSync {
  const database = new DatabaseSync(join(path, 'lock'))
  try {
    database.exec('pragma locking_mode = exclusive; begin exclusive')
    return database
  } catch {
    database.close()
    const { pid } = readRecord(join(path, 'run.json'))
    throw new StateFolderUnusable(
      `kwollect already runs here (process ${pid ?? 'unknown'}, folder ${path}): stop it with Ctrl-C or kill ${pid ?? 'its process'}`,
    )
  }
}

interface RunRecord {
  readonly pid?: number
  readonly children: ProcessIdentity[]
}

function readRecord(file: string): RunRecord {
  return existsSync(file) ? (JSON.parse(readFileSync(file, 'utf8')) as RunRecord) : { children: [] }
}
