import { Client } from 'pg'
import type { AdminOptions } from './options.ts'
import { SetupRefused } from './prerequisites.ts'

/** Connects as db_admin. @throws {SetupRefused} with one sentence on what to change */
export async function connectAdmin(options: AdminOptions, database: string): Promise<Client> {
  const client = new Client({
    host: options.db_host,
    port: options.db_port,
    user: options.db_admin,
    ...(options.db_admin_password === undefined ? {} : { password: options.db_admin_password }),
    database,
    application_name: 'kwollect-setup-db',
    connectionTimeoutMillis: 10_000,
  })
  // Without a listener a connection that breaks between two queries ends the process with a stack trace;
  // the next query reports it.
  client.on('error', () => {})
  try {
    await client.connect()
    return client
  } catch (error) {
    throw refusal(options, database, error)
  }
}

function refusal(options: AdminOptions, database: string, error: unknown): SetupRefused {
  const { code, message } = error as Error & { code?: string }
  const server = `${options.db_host}:${options.db_port}`
  if (code === 'ENOENT' || code === 'ECONNREFUSED') {
    return new SetupRefused(
      `no PostgreSQL answers at ${server}; start it, or give another --db_host and --db_port.`,
    )
  }
  if (code === '28000') {
    return new SetupRefused(
      `the server at ${server} does not let you in as ${options.db_admin} (${message}); run this as that user of the system ("sudo -u ${options.db_admin} kwollect-setup-db …"), or give --db_host localhost and --db_admin_password_file.`,
    )
  }
  if (code === '28P01' || /password must be a string/.test(message)) {
    return new SetupRefused(
      `the server at ${server} wants another password for ${options.db_admin}; give it with --db_admin_password_file.`,
    )
  }
  return new SetupRefused(`cannot connect to ${server}, database ${database}: ${message}`)
}
