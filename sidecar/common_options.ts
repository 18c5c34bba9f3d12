import type { OptionDefinitions, OptionValues } from './config.ts'
import type { DatabaseAddress } from './database.ts'

/** Options that every program of the sidecar has, alike. */

export const databaseOptions = {
  db_host: {
    kind: 'text',
    default: 'localhost',
    placeholder: 'HOST',
    help: 'PostgreSQL server, or the folder of its socket',
  },
  db_port: { kind: 'integer', default: 5432, minimum: 1, maximum: 65535, help: 'port of the server' },
  db_name: { kind: 'text', default: 'kwdb', placeholder: 'NAME', help: 'database' },
  db_user: { kind: 'text', default: 'kwuser', placeholder: 'USER', help: 'role that may insert' },
  db_password: { kind: 'secret', help: 'password of db_user' },
} as const satisfies OptionDefinitions

export const logOptions = {
  log_level: {
    kind: 'choice',
    choices: ['debug', 'info', 'warning', 'error'],
    default: 'warning',
    help: 'the least important messages to write',
  },
} as const satisfies OptionDefinitions

export const spoolOptions = {
  spool_dir: {
    kind: 'text',
    default: '/var/lib/kwollect/',
    placeholder: 'DIR',
    help: 'folder where values wait for the database',
  },
  spool_max_mb: {
    kind: 'integer',
    default: 1024,
    minimum: 1,
    help: 'size of the spool; beyond it the oldest values go',
  },
} as const satisfies OptionDefinitions

export function databaseOf(options: OptionValues<typeof databaseOptions>): DatabaseAddress {
  return {
    host: options.db_host,
    port: options.db_port,
    database: options.db_name,
    user: options.db_user,
    password: options.db_password,
  }
}
