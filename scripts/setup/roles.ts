import type { ClientBase } from 'pg'
import { matchesVerifier, scramVerifier } from './scram.ts'

/** Login roles of an installation and what they need to work. */
export interface Logins {
  readonly user: string
  readonly password: string
  /** Leaves the password of the reading role alone where absent. */
  readonly readerPassword: string | undefined
  /** Of the reading role's queries, as PostgreSQL prints it ("5min"). */
  readonly timeout: string
}

/** The role that reads and nothing else: anonymous users of the API have it. */
export function readerOf(user: string): string {
  return `${user}_ro`
}

/**
 * Makes the three group roles, shared by all databases of the server, and gives the owner what it needs in
 * this one. The database's defaults for PUBLIC go: CONNECT keeps installations on one server apart, TEMPORARY
 * and large objects would let a reader write.
 */
export async function prepareGroups(client: ClientBase): Promise<void> {
  await client.query(`
    do $$
    declare
      group_role text;
      routine regprocedure;
    begin
      foreach group_role in array array['kwollect_owner', 'kwollect_writer', 'kwollect_reader'] loop
        if not exists (select from pg_catalog.pg_roles where rolname = group_role) then
          execute format('create role %I nologin', group_role);
        end if;
      end loop;
      execute format('revoke all on database %I from public', current_database());
      execute format('grant connect, create on database %I to kwollect_owner', current_database());
      for routine in
        select proc.oid
          from pg_catalog.pg_proc as proc
         where proc.pronamespace = 'pg_catalog'::regnamespace
           and proc.proname in ('lo_creat', 'lo_create', 'lo_from_bytea')
      loop
        execute format('revoke execute on function %s from public', routine);
      end loop;
    end
    $$;
    revoke all on schema public from public;
    grant usage, create on schema public to kwollect_owner;
    grant usage on schema public to kwollect_reader, kwollect_writer;
    create schema if not exists kwollect authorization kwollect_owner;`)
}

/** Makes the two login roles, or changes what differs from the options. */
export async function configureLogins(client: ClientBase, logins: Logins): Promise<void> {
  const reader = readerOf(logins.user)
  await configureLogin(client, reader, logins.readerPassword, ['kwollect_reader'], logins.timeout)
  // A member of the reading role, because PostgREST logs in as the user and becomes the reader.
  await configureLogin(client, logins.user, logins.password, ['kwollect_writer', reader], null)
}

async function configureLogin(
  client: ClientBase,
  login: string,
  password: string | undefined,
  groups: readonly string[],
  timeout: string | null,
): Promise<void> {
  const { rows } = await client.query<{ rolpassword: string | null }>(
    'select rolpassword from pg_catalog.pg_authid where rolname = $1',
    [login],
  )
  const stored = rows[0]?.rolpassword ?? ''
  const verifier =
    password === undefined || matchesVerifier(password, stored) ? null : scramVerifier(password)
  await client.query('call kwollect.configure_login($1, $2, $3, $4)', [login, verifier, groups, timeout])
}
