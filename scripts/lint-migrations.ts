/**
 * `npm run lint`: squawk over the SQL of the migrations. squawk reads SQL, node-pg-migrate runs TypeScript, so
 * each migration is run against a builder that only collects.
 */
import { spawnSync } from 'node:child_process'
import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import { MigrationBuilder } from 'node-pg-migrate'

interface Migration {
  up(pgm: MigrationBuilder): void
}

const folder = join(import.meta.dirname, '..', 'migrations')
const silent = { info() {}, warn() {}, error() {} }
// A builder never queries while `up` runs: it collects statements.
const noDatabase = {} as ConstructorParameters<typeof MigrationBuilder>[0]

let failed = false
for (const file of readdirSync(folder).sort()) {
  const migration = (await import(join(folder, file))) as Migration
  const builder = new MigrationBuilder(noDatabase, {}, false, silent)
  migration.up(builder)
  const { status, stdout, stderr } = spawnSync(
    'squawk',
    ['--config', join(folder, '..', '.squawk.toml'), '--stdin-filepath', `migrations/${file}`],
    { input: builder.getSqlSteps().join('\n'), encoding: 'utf8' },
  )
  if (status === 0) continue
  failed = true
  console.error(stdout, stderr)
}
process.exitCode = failed ? 1 : 0
