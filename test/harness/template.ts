import { randomBytes } from 'node:crypto'
import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import type { ServerAddress } from '../../scripts/stack/cluster.ts'
import { writePrivateFile } from '../../scripts/stack/secret_file.ts'
import { until } from '../../scripts/stack/until.ts'
import { runScript } from './processes.ts'
import { databaseUrl, type Template, type TestServer, withConnection } from './server.ts'

/**
 * Makes the database that the tests copy, by the real kwollect-setup-db. Its failure is no error here but
 * reaches every test that asks for a database: those that need none still run.
 *
 * @param folder for the API's files, of this run alone
 */
export async function makeTemplate(
  address: ServerAddress,
  folder: string,
): Promise<Pick<TestServer, 'edition' | 'template'>> {
  const suffix = randomBytes(4).toString('hex')
  const template: Template = {
    name: `kwollect_template_${suffix}`,
    user: `kwuser_${suffix}`,
    password: randomBytes(12).toString('hex'),
    passwordRo: randomBytes(12).toString('hex'),
    apiFolder: join(folder, 'api'),
  }
  mkdirSync(template.apiFolder, { mode: 0o700 })
  const optionsFile = join(folder, 'setup.yaml')
  writePrivateFile(optionsFile, JSON.stringify(setupOptions(address, template)))
  const setup = await runScript('scripts/kwollect-setup-db.ts', [
    optionsFile,
    '--output_dir',
    template.apiFolder,
  ])
  if (setup.status !== 0)
    return { edition: 'none', template: { failure: (setup.stderr || setup.stdout).trim() } }
  const edition = await readEdition(databaseUrl(address, template.name))
  await freeze(address, template.name)
  return { edition, template }
}

/** Removes the template and its login roles from a server that outlives the run. */
export async function dropTemplate(address: ServerAddress, template: Template): Promise<void> {
  await withConnection(databaseUrl(address, 'postgres'), async sql => {
    await sql`alter database ${sql(template.name)} with is_template false`
    await sql`drop database ${sql(template.name)} with (force)`
    await sql`drop role if exists ${sql(template.user)}`
    await sql`drop role if exists ${sql(`${template.user}_ro`)}`
  })
}

function setupOptions(address: ServerAddress, template: Template): Record<string, string | number> {
  return {
    db_host: address.host,
    db_port: address.port,
    db_admin: address.user,
    db_admin_password: address.password,
    kwollect_db_name: template.name,
    kwollect_user: template.user,
    kwollect_password: template.password,
    kwollect_password_ro: template.passwordRo,
  }
}

async function readEdition(url: string): Promise<'apache' | 'community'> {
  return withConnection(url, async sql => {
    // The setting exists only in sessions that have loaded the extension.
    await sql`select extversion from pg_catalog.pg_extension where extname = 'timescaledb'`
    const [row] = await sql<{ license: string }[]>`select current_setting('timescaledb.license') as license`
    return row?.license === 'timescale' ? 'community' : 'apache'
  })
}

/** PostgreSQL copies only a database without sessions, and TimescaleDB's scheduler holds one in each. */
async function freeze(address: ServerAddress, name: string): Promise<void> {
  await withConnection(databaseUrl(address, 'postgres'), async sql => {
    await sql`alter database ${sql(name)} with is_template true allow_connections false`
    await until('the end of all sessions of the template database', async () => {
      const sessions = await sql`
        select pg_catalog.pg_terminate_backend(pid) from pg_catalog.pg_stat_activity where datname = ${name}`
      return sessions.length === 0
    })
  })
}
