import { randomBytes } from 'node:crypto'
import { join } from 'node:path'
import { Cluster, type ServerAddress } from '../../scripts/stack/cluster.ts'
import { findServerPrograms, ProgramMissing, type ServerPrograms } from '../../scripts/stack/programs.ts'

/** A server for one run of the tests. */
export interface ChosenServer {
  readonly address: ServerAddress
  readonly description: string
  stop(): Promise<void>
}

const image = 'timescale/timescaledb:latest-pg17'

/**
 * The server in KWOLLECT_TEST_DATABASE_URL, else a private throw-away cluster of the PostgreSQL with TimescaleDB on
 * this machine, else a container, where an engine runs.
 *
 * @param folder where a private cluster may live
 * @throws {ProgramMissing} where there is none of them
 */
export async function chooseServer(folder: string): Promise<ChosenServer> {
  const url = process.env.KWOLLECT_TEST_DATABASE_URL
  if (url) return givenServer(url)
  const programs = localPrograms()
  if (programs) return privateServer(folder, programs)
  return container()
}

function givenServer(text: string): ChosenServer {
  const url = new URL(text)
  return {
    address: {
      host: url.hostname,
      port: Number(url.port || 5432),
      user: decodeURIComponent(url.username || 'postgres'),
      password: decodeURIComponent(url.password),
    },
    description: `the server of KWOLLECT_TEST_DATABASE_URL (${url.host})`,
    stop: async () => undefined,
  }
}

function localPrograms(): ServerPrograms | undefined {
  try {
    const programs = findServerPrograms()
    return programs.hasTimescale ? programs : undefined
  } catch (error) {
    if (error instanceof ProgramMissing) return undefined
    throw error
  }
}

async function privateServer(folder: string, programs: ServerPrograms): Promise<ChosenServer> {
  const cluster = new Cluster({ folder: join(folder, 'cluster'), durability: 'throw-away', programs })
  await cluster.start()
  return {
    address: cluster.address,
    description: `a private cluster of PostgreSQL ${programs.version}`,
    stop: () => cluster.stop(),
  }
}

/** The library is loaded here and not above: it takes half a second, and most machines have no engine. */
async function container(): Promise<ChosenServer> {
  const { GenericContainer, getContainerRuntimeClient, Wait } = await import('testcontainers')
  try {
    await getContainerRuntimeClient()
  } catch {
    throw new ProgramMissing(
      'no PostgreSQL with TimescaleDB on this machine and no container engine answers: run scripts/bootstrap, or name a server in KWOLLECT_TEST_DATABASE_URL',
    )
  }
  const password = randomBytes(18).toString('base64url')
  const started = await new GenericContainer(image)
    .withEnvironment({ POSTGRES_PASSWORD: password, NO_TS_TUNE: 'true', TIMESCALEDB_TELEMETRY: 'off' })
    .withCommand([
      'postgres',
      '-c',
      'max_connections=300',
      '-c',
      'timescaledb.max_background_workers=80',
      '-c',
      'max_worker_processes=100',
      '-c',
      'fsync=off',
    ])
    .withExposedPorts(5432)
    // The image's first start initialises with a server of its own, whose end is followed by the real one.
    .withWaitStrategy(Wait.forLogMessage(/database system is ready to accept connections/, 2))
    .start()
  return {
    address: { host: started.getHost(), port: started.getMappedPort(5432), user: 'postgres', password },
    description: `a container of ${image}`,
    stop: async () => {
      await started.stop()
    },
  }
}
