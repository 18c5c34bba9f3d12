import type { OarSetupOptions } from './oar_options.ts'
import { SetupRefused } from './prerequisites.ts'

/**
 * What postgres_fdw reports while OAR's tables are read for the first time, in one sentence on what to change. Its
 * SQLSTATEs are those of the other server, or 08001 with libpq's words in the detail.
 *
 * @returns the error itself where it is about something else
 */
export function oarRefusal(options: OarSetupOptions, error: unknown): unknown {
  const { code, message, detail = '' } = error as Error & { code?: string; detail?: string }
  const database = `the OAR database ${options.oardb_name} at ${options.oardb_host}:${options.oardb_port}`
  switch (code) {
    case '08001':
      return new SetupRefused(connectionFailure(options, database, detail))
    case '2F003':
      return new SetupRefused(
        `${database} lets ${options.oardb_user} in without asking for a password: leave oardb_password out, or let that server ask for it.`,
      )
    case '42P01':
    case '42703':
      return new SetupRefused(
        `${database} is no database of OAR 2.5 or 2.6 (${message}); give another oardb_name.`,
      )
    case '42501':
      return new SetupRefused(
        `${database} does not let ${options.oardb_user} read what is needed (${message}); run there: grant select on jobs, job_types, assigned_resources, resources to ${options.oardb_user}.`,
      )
    default:
      return error
  }
}

function connectionFailure(options: OarSetupOptions, database: string, detail: string): string {
  // libpq says it for each address of the name, with advice in lines below: the first line is enough.
  const reason = detail.replace(/\n.*$/s, '').replace(/^.* failed: +/, '')
  if (/password authentication failed|no password supplied/.test(reason))
    return `${database} wants another password for ${options.oardb_user}; give it with --oardb_password_file.`
  if (/FATAL:/.test(reason))
    return `${database} does not let ${options.oardb_user} in: ${reason.replace(/^FATAL: +/, '')}; correct oardb_name, oardb_user or that server's pg_hba.conf.`
  return `${database} does not answer (${reason}); start it, or give another --oardb_host and --oardb_port. It is the server of kwollect's database that connects.`
}
