import type { Command, OptionValues } from '../../sidecar/config.ts'

/** Options of kwollect-setup-db; names and defaults are those of kwollect 1.0.0. */
export const setupCommand = {
  name: 'kwollect-setup-db',
  summary: 'Creates the kwollect database, or brings an existing one to the current schema.',
  options: {
    db_host: {
      kind: 'text',
      default: '/var/run/postgresql',
      placeholder: 'HOST',
      help: 'PostgreSQL server: a host name, or the folder of its socket',
    },
    db_port: { kind: 'integer', default: 5432, minimum: 1, maximum: 65535, help: 'port of the server' },
    db_admin: { kind: 'text', default: 'postgres', placeholder: 'USER', help: 'a superuser of the server' },
    db_admin_password: { kind: 'secret', help: 'password of db_admin, where the server asks for one' },
    kwollect_db_name: {
      kind: 'text',
      default: 'kwdb',
      placeholder: 'NAME',
      help: 'database to create or update',
    },
    kwollect_user: {
      kind: 'text',
      default: 'kwuser',
      placeholder: 'USER',
      help: 'role that may read and insert; USER_ro may only read',
    },
    kwollect_password: { kind: 'secret', required: true, help: 'password of kwollect_user' },
    kwollect_password_ro: {
      kind: 'secret',
      help: 'password of the reading role; without one it cannot log in with a password',
    },
    chunk_interval_hour: {
      kind: 'integer',
      default: 6,
      minimum: 1,
      help: 'hours in one chunk; its samples (about 100 bytes each) should fit in a quarter of the memory',
    },
    chunk_compress_hour: {
      kind: 'integer',
      default: 24,
      minimum: 1,
      help: 'age in hours at which a chunk is compressed (community edition of TimescaleDB)',
    },
    retention_day: {
      kind: 'integer',
      minimum: 1,
      help: 'days after which values are dropped; never where absent',
    },
    archive_path: {
      kind: 'text',
      placeholder: 'DIR',
      help: "empty folder of the server's user, for chunks older than chunk_compress_hour",
    },
    request_timeout_min: {
      kind: 'integer',
      default: 5,
      minimum: 1,
      help: 'minutes after which a query of the reading role is stopped',
    },
    jwt_secret: {
      kind: 'secret',
      help: 'secret of the API tokens, at least 32 characters; random, and kept, where absent',
    },
    rotate_jwt_secret: { kind: 'flag', help: 'make a new random secret: all tokens given out end to work' },
    api_url: {
      kind: 'text',
      default: 'http://localhost:3000',
      placeholder: 'URL',
      help: 'address of PostgREST, for the printed examples',
    },
    output_dir: {
      kind: 'text',
      placeholder: 'DIR',
      help: 'write postgrest.conf and token there with mode 0600 instead of printing them',
    },
    import_from: {
      kind: 'secret',
      placeholder: 'URL',
      help: 'copy the values of a kwollect 1.x database into this one, or what is missing of them: postgres://USER:PASSWORD@HOST:PORT/DATABASE',
    },
  },
} as const satisfies Command<Record<string, import('../../sidecar/config.ts').OptionDefinition>>

export type SetupOptions = OptionValues<typeof setupCommand.options>

/** How the set-up commands reach the server. */
export type AdminOptions = Pick<SetupOptions, 'db_host' | 'db_port' | 'db_admin' | 'db_admin_password'>
