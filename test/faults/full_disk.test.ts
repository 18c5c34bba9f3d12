import { execFileSync } from 'node:child_process'
import { join } from 'node:path'
import ava from 'ava'
import { freePort } from '../../scripts/stack/free_port.ts'
import { findProgram } from '../../scripts/stack/programs.ts'
import { until } from '../../scripts/stack/until.ts'
import { testDatabase } from '../harness/database.ts'
import { repository, startProcess } from '../harness/processes.ts'
import { testWhere } from '../harness/server.ts'
import { startExporter } from '../peers/exporter.ts'
import { startTcpRelay } from '../peers/tcp_relay.ts'
import { configure, spooledValues, storedMetrics } from '../sidecar/kwollector_program.ts'
import { page } from '../sidecar/prometheus_polls.ts'
import { seeded } from './faults.ts'

/** In a namespace of its own an ordinary user may mount too, and nobody else sees it. */
const smallDisk = [
  '-rm',
  'sh',
  '-c',
  'mkdir -p "$2" && mount -t tmpfs -o size="$1" tmpfs "$2" && shift 2 && exec "$@"',
  'sh',
]

function namespacesMissing(): string | undefined {
  try {
    execFileSync(findProgram('unshare') ?? 'unshare', ['-rm', 'true'], { stdio: 'ignore' })
    return undefined
  } catch {
    return 'this user may make no mount namespace'
  }
}

const test = testWhere(ava.serial, namespacesMissing())

for (const size of ['2m', '20m'] as const) {
  test(`a spool that has filled its disk of ${size} while the database was away is stored, and goes on`, async t => {
    t.timeout(240_000)
    const fault = seeded(t)
    const database = await testDatabase(t)
    const bytes = (size === '2m' ? 1 : 8) * 100_000
    const lines = Array.from(
      { length: bytes / 1_000 },
      (_, line) => `x{line="${line}",text="${'y'.repeat(1_000)}"} 1\n`,
    )
    const exporter = await startExporter(t, page(lines.join('')))
    const db_port = await freePort()
    const configuration = configure(t, database, { db_port })
    configuration.describe('exporter.yml', [
      {
        name: 'x',
        device_id: 'node-1',
        url: `prometheus://${exporter.host}:${exporter.port}/`,
        update_every: 250,
      },
    ])
    const script = join(repository, 'sidecar', 'kwollector.ts')
    const program = await startProcess(
      t,
      findProgram('unshare') ?? 'unshare',
      [...smallDisk, size, configuration.spoolDir, process.execPath, script, configuration.file],
      { name: 'kwollector' },
    )
    await program.untilPrinted(/cannot write the spool: .*values wait in memory/, 60_000)
    await startTcpRelay(t, database.server, db_port)
    await program.untilPrinted('the spool can be written again', 60_000)
    const written = spooledValues(program)
    await until('what came after', () => spooledValues(program) > written, 20_000)
    program.signal('SIGTERM')
    t.is(await program.ended, 'exit status 0', program.output().slice(-2_000))

    const stored = (await storedMetrics(database)).map(({ us, labels }) => `${us} ${labels.line}`)
    const { size: values } = new Set(stored)
    const [missing, doubled] = [spooledValues(program) - values, stored.length - values]
    fault.report({ values, missing, doubled })
    t.deepEqual({ missing, doubled }, { missing: 0, doubled: 0 })
  })
}
