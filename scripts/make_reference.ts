/** `npm run docs`: writes docs/reference anew, from a throw-away database of the current schema. */
import { randomBytes } from 'node:crypto'
import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import postgres from 'postgres'
import { readOptions } from '../sidecar/config.ts'
import { referencePages } from './reference/pages.ts'
import { setupCommand } from './setup/options.ts'
import { root, setUpDatabase } from './setup/set_up_database.ts'
import { Cluster, type ServerAddress } from './stack/cluster.ts'

const folder = mkdtempSync(join(tmpdir(), 'kwollect-docs-'))
// PostgreSQL runs as another user where this is root, and has to pass.
chmodSync(folder, 0o711)
const cluster = new Cluster({ folder: join(folder, 'cluster'), durability: 'throw-away' })
const stopping = new AbortController()
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => stopping.abort(signal))
try {
  await cluster.start()
  await writePages(cluster.address)
} finally {
  await cluster.stop()
  rmSync(folder, { recursive: true, force: true })
}

async function writePages(server: ServerAddress): Promise<void> {
  const invocation = await readOptions(setupCommand, [], {
    KWOLLECT_DB_HOST: server.host,
    KWOLLECT_DB_PORT: String(server.port),
    KWOLLECT_DB_ADMIN: server.user,
    KWOLLECT_DB_ADMIN_PASSWORD: server.password,
    KWOLLECT_KWOLLECT_PASSWORD: randomBytes(18).toString('base64url'),
  })
  if (invocation.kind !== 'run') return
  await setUpDatabase(invocation.values, stopping.signal)
  const { host, port, user, password } = server
  const database = invocation.values.kwollect_db_name
  const sql = postgres({ host, port, user, password, database, max: 1, onnotice: () => undefined })
  const target = join(root, 'docs', 'reference')
  mkdirSync(target, { recursive: true })
  for (const [name, text] of await referencePages(sql)) writeFileSync(join(target, name), text)
  await sql.end()
  console.log('docs/reference is made anew.')
}
