import { randomBytes } from 'node:crypto'
import { join } from 'node:path'
import type postgres from 'postgres'
import type { ServerAddress } from '../../scripts/stack/cluster.ts'
import { writePrivateFile } from '../../scripts/stack/secret_file.ts'
import { temporaryFolder } from './folders.ts'
import { type Outcome, runScript } from './processes.ts'
import type { Scope } from './scope.ts'
import { databaseUrl, testServer, withConnection } from './server.ts'

/** A database with kwollect's schema, and how each role reaches it. */
export interface TestDatabase {
  readonly name: string
  readonly server: ServerAddress
  /** Login roles of this database's installation. */
  readonly user: string
  readonly userRo: string
  readonly password: string
  readonly passwordRo: string
  /** Connection strings. */
  readonly admin: string
  readonly writer: string
  readonly reader: string
  /** Folder with `postgrest.conf` and `token` as kwollect-setup-db wrote them. */
  readonly apiFolder: string
}

/** A name for a database or role that no other test uses. */
export function uniqueName(purpose: string): string {
  return `kwollect_${purpose}_${randomBytes(5).toString('hex')}`
}

/** A fresh copy of the template, dropped with the scope; takes some hundredths of a second. */
export async function testDatabase(scope: Scope): Promise<TestDatabase> {
  const { address, template } = testServer()
  if ('failure' in template)
    throw new Error(`kwollect-setup-db failed on the template database:\n${template.failure}`)
  const name = uniqueName('test')
  scope.teardown(() => dropDatabase(address, name))
  await withConnection(databaseUrl(address, 'postgres'), async sql => {
    // Files, and not pages through the log as is the default: half the time and CPU on a server without fsync.
    await sql`create database ${sql(name)} template ${sql(template.name)} strategy file_copy`
    await copySettings(sql, template.name, name)
  })
  return describeDatabase(address, name, template.user, template, template.apiFolder)
}

/** A database name, roles and passwords for kwollect-setup-db that nothing else on the server uses. */
export interface EmptyInstallation {
  readonly server: ServerAddress
  /** Options of kwollect-setup-db, as its YAML file has them. */
  readonly options: Readonly<Record<string, string | number>>
  /** What the database will be once the command has run. */
  readonly database: TestDatabase
}

/** Prepares a run of kwollect-setup-db of the test's own; database and roles are dropped with the scope. */
export function emptyInstallation(
  scope: Scope,
  server: ServerAddress = testServer().address,
): EmptyInstallation {
  const name = uniqueName('db')
  const user = uniqueName('user')
  const passwords = { password: randomBytes(12).toString('hex'), passwordRo: randomBytes(12).toString('hex') }
  const apiFolder = temporaryFolder(scope)
  scope.teardown(async () => {
    await dropDatabase(server, name)
    await withConnection(databaseUrl(server, 'postgres'), async sql => {
      await sql`drop role if exists ${sql(user)}`
      await sql`drop role if exists ${sql(`${user}_ro`)}`
    })
  })
  return {
    server,
    options: {
      db_host: server.host,
      db_port: server.port,
      db_admin: server.user,
      db_admin_password: server.password,
      kwollect_db_name: name,
      kwollect_user: user,
      kwollect_password: passwords.password,
      kwollect_password_ro: passwords.passwordRo,
    },
    database: describeDatabase(server, name, user, passwords, apiFolder),
  }
}

/**
 * Runs the real kwollect-setup-db on it, the options in a file that only this user can read.
 *
 * @param changes options that replace those of the installation
 */
export async function runSetup(
  scope: Scope,
  installation: EmptyInstallation,
  changes: Readonly<Record<string, string | number>> = {},
): Promise<Outcome> {
  const file = join(temporaryFolder(scope), 'setup.yaml')
  writePrivateFile(file, JSON.stringify({ ...installation.options, ...changes }))
  return runScript('scripts/kwollect-setup-db.ts', [file, '--output_dir', installation.database.apiFolder])
}

/** A database that kwollect-setup-db has just made on the given server (a private cluster, say). */
export async function installedDatabase(scope: Scope, server: ServerAddress): Promise<TestDatabase> {
  const installation = emptyInstallation(scope, server)
  const { status, stderr, stdout } = await runSetup(scope, installation)
  if (status !== 0) throw new Error(`kwollect-setup-db ended with status ${status}:\n${stderr || stdout}`)
  return installation.database
}

function describeDatabase(
  server: ServerAddress,
  name: string,
  user: string,
  { password, passwordRo }: { readonly password: string; readonly passwordRo: string },
  apiFolder: string,
): TestDatabase {
  const userRo = `${user}_ro`
  return {
    name,
    server,
    user,
    userRo,
    password,
    passwordRo,
    admin: databaseUrl(server, name),
    writer: databaseUrl({ ...server, user, password }, name),
    reader: databaseUrl({ ...server, user: userRo, password: passwordRo }, name),
    apiFolder,
  }
}

async function dropDatabase(server: ServerAddress, name: string): Promise<void> {
  await withConnection(
    databaseUrl(server, 'postgres'),
    sql => sql`drop database if exists ${sql(name)} with (force)`,
  )
}

/** A copy has the objects of its template, but not what ALTER DATABASE … SET and GRANT … ON DATABASE said about it. */
async function copySettings(sql: postgres.Sql, from: string, to: string): Promise<void> {
  await sql`
    insert into pg_catalog.pg_db_role_setting (setdatabase, setrole, setconfig)
    select copy.oid, setting.setrole, setting.setconfig
      from pg_catalog.pg_db_role_setting as setting
      join pg_catalog.pg_database as original on original.oid = setting.setdatabase
     cross join pg_catalog.pg_database as copy
     where original.datname = ${from} and copy.datname = ${to}`
  await sql`
    update pg_catalog.pg_database
       set datacl = (select original.datacl from pg_catalog.pg_database as original where original.datname = ${from})
     where datname = ${to}`
}
