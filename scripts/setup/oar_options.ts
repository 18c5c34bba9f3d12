import type { Command, OptionDefinition, OptionValues } from '../../sidecar/config.ts'
import { setupCommand } from './options.ts'

const { db_host, db_port, db_admin, db_admin_password, kwollect_user, api_url } = setupCommand.options

/** Options of kwollect-setup-db-oar; names and defaults are those of kwollect 1.0.0. */
export const oarSetupCommand = {
  name: 'kwollect-setup-db-oar',
  summary: 'Lets an existing kwollect database read the jobs of the OAR scheduler.',
  options: {
    db_host,
    db_port,
    db_admin,
    db_admin_password,
    kwollect_db_name: {
      kind: 'text',
      default: 'kwdb',
      placeholder: 'NAME',
      help: 'database that kwollect-setup-db has made',
    },
    kwollect_user,
    oardb_host: {
      kind: 'text',
      default: 'oar',
      placeholder: 'HOST',
      help: "server of OAR's database, as the server of kwollect's database reaches it",
    },
    oardb_port: { kind: 'integer', default: 5432, minimum: 1, maximum: 65535, help: 'port of that server' },
    oardb_name: { kind: 'text', default: 'oar2', placeholder: 'NAME', help: "OAR's database" },
    oardb_user: {
      kind: 'text',
      default: 'oarreader',
      placeholder: 'USER',
      help: 'role that may read jobs, job_types, assigned_resources and resources there',
    },
    oardb_password: {
      kind: 'secret',
      help: 'password of oardb_user; where absent, a .pgpass file of the server, or none',
    },
    replace_views: {
      kind: 'flag',
      help: 'replace a nodetime_per_job or promoted_metrics_per_job that an administrator wrote',
    },
    install_hooks: {
      kind: 'text',
      placeholder: 'DIR',
      help: "write OAR's hooks there, with the API token in a file that only oar can read",
    },
    api_url: { ...api_url, help: 'address of PostgREST, for the hooks' },
  },
} as const satisfies Command<Record<string, OptionDefinition>>

export type OarSetupOptions = OptionValues<typeof oarSetupCommand.options>
