import { randomBytes } from 'node:crypto'
import { accessSync, constants, mkdirSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { SignJWT } from 'jose'
import type { ClientBase } from 'pg'
import { BadConfiguration } from '../../sidecar/config.ts'
import type { SetupOptions } from './options.ts'
import { SetupRefused } from './prerequisites.ts'
import { readerOf } from './roles.ts'

/** What PostgREST and its users need; both texts are secrets. */
export interface ApiAccess {
  /** Content of postgrest.conf. */
  readonly configuration: string
  /** JSON Web Token that makes its bearer `kwollect_user`. */
  readonly token: string
}

/** HS256 takes a key as long as its hash (RFC 7518, 3.2), and PostgREST refuses a shorter one at its start. */
const shortestSecret = 32

/** @throws {BadConfiguration} for a jwt_secret that PostgREST would refuse, or read as something else */
export function checkJwtSecret(secret: string | undefined): void {
  if (secret === undefined) return
  const length = Buffer.byteLength(secret)
  if (length < shortestSecret)
    throw new BadConfiguration(
      `jwt_secret must have at least ${shortestSecret} bytes, this one has ${length}`,
    )
  if (secret.startsWith('@'))
    throw new BadConfiguration(
      'jwt_secret must not begin with @: PostgREST would take it for the name of a file',
    )
}

/**
 * The secret is kept in the database, so that a second set-up prints the same one and tokens stay valid.
 * @returns the secret that is in force now
 */
export async function keepJwtSecret(client: ClientBase, options: SetupOptions): Promise<string> {
  const { rows } = await client.query<{ value: string }>(
    `select value from kwollect.settings where name = 'jwt_secret'`,
  )
  const kept = options.rotate_jwt_secret ? undefined : rows[0]?.value
  const secret = options.jwt_secret ?? kept ?? randomBytes(48).toString('base64url')
  if (secret !== rows[0]?.value) {
    await client.query(
      `insert into kwollect.settings (name, value) values ('jwt_secret', $1)
       on conflict (name) do update set value = excluded.value`,
      [secret],
    )
  }
  return secret
}

/** The token that makes its bearer `user`, without a time of issue or expiry: the same at every run. */
export function apiToken(user: string, secret: string): Promise<string> {
  return new SignJWT({ role: user })
    .setProtectedHeader({ alg: 'HS256', typ: 'JWT' })
    .sign(new TextEncoder().encode(secret))
}

export async function apiAccess(options: SetupOptions, secret: string): Promise<ApiAccess> {
  const token = await apiToken(options.kwollect_user, secret)
  const configuration = [
    `db-uri = ${quote(databaseUri(options))}`,
    'db-schemas = "api"',
    `db-anon-role = ${quote(readerOf(options.kwollect_user))}`,
    `jwt-secret = ${quote(secret)}`,
    '',
  ].join('\n')
  return { configuration, token }
}

function databaseUri(options: SetupOptions): string {
  const [user, password, database] = [
    options.kwollect_user,
    options.kwollect_password,
    options.kwollect_db_name,
  ].map(encodeURIComponent)
  const login = `postgres://${user}:${password}@`
  // Times without an offset are UTC in every request, also where PostgreSQL and not our parser reads them, and
  // whatever the server's own time zone.
  const utc = `options=${encodeURIComponent('-c timezone=UTC')}`
  // A socket's folder stands in the query: a host part cannot hold slashes.
  if (options.db_host.startsWith('/')) {
    return `${login}/${database}?host=${encodeURIComponent(options.db_host)}&port=${options.db_port}&${utc}`
  }
  const host = options.db_host.includes(':') ? `[${options.db_host}]` : options.db_host
  return `${login}${host}:${options.db_port}/${database}?${utc}`
}

/** A string of PostgREST's configuration (the configurator-pg grammar): quotes and backslashes escaped. */
function quote(text: string): string {
  return `"${text.replaceAll('\\', '\\\\').replaceAll('"', '\\"')}"`
}

/**
 * Makes the folder of `output_dir`, before the database is touched: a set-up whose token cannot be written fails
 * with nothing done.
 *
 * @throws {SetupRefused}
 */
export function prepareOutput(directory: string): void {
  try {
    mkdirSync(directory, { recursive: true, mode: 0o700 })
    accessSync(directory, constants.W_OK | constants.X_OK)
  } catch (error) {
    throw new SetupRefused(`output_dir cannot be written: ${(error as Error).message}`)
  }
}

/** Writes postgrest.conf and token with mode 0600; each appears whole or not at all. */
export function writeApiAccess(directory: string, access: ApiAccess): void {
  for (const [name, content] of [
    ['postgrest.conf', access.configuration],
    ['token', `${access.token}\n`],
  ] as const) {
    const path = join(directory, name)
    // A file that is there already would keep its own mode, or be a link to elsewhere.
    rmSync(`${path}.new`, { force: true })
    writeFileSync(`${path}.new`, content, { mode: 0o600, flag: 'wx', flush: true })
    renameSync(`${path}.new`, path)
  }
}
