import type { ClientBase } from 'pg'
import { SetupRefused } from './prerequisites.ts'
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

const groupRoles = ['kwollect_owner', 'kwollect_writer', 'kwollect_reader'] as const
/** PostgreSQL cuts longer names without an error, and `_ro` would be cut off first. */
const longestName = 63

/** @throws {SetupRefused} for names that PostgreSQL would cut, or roles that could not be told from our own */
export function refuseNames(database: string, user: string): void {
  if (Buffer.byteLength(database) > longestName) {
    throw new SetupRefused(
      `kwollect_db_name is too long: it has ${Buffer.byteLength(database)} bytes, and PostgreSQL's names have ${longestName} at most.`,
    )
  }
  const reader = readerOf(user)
  if (Buffer.byteLength(reader) > longestName) {
    throw new SetupRefused(
      `kwollect_user is too long: with "_ro" behind it, it has ${Buffer.byteLength(reader)} bytes, and PostgreSQL's names have ${longestName} at most.`,
    )
  }
  for (const group of groupRoles) {
    if (group === user || group === reader)
      throw new SetupRefused(
        `kwollect_user ${user}: kwollect has a role ${group} of its own; give another name.`,
      )
  }
}

/** @throws {SetupRefused} where a role of our name is there that could do more than own what we make */
async function refuseStrangeGroups(client: ClientBase): Promise<void> {
  const { rows } = await client.query<{ rolname: string }>(
    `select rolname
       from pg_catalog.pg_roles
      where rolname = any ($1)
        and (rolcanlogin or rolsuper or rolcreaterole or rolcreatedb or rolreplication or rolbypassrls)`,
    [groupRoles],
  )
  if (rows[0]) {
    const { rolname } = rows[0]
    throw new SetupRefused(
      `the role ${rolname} exists and is not what kwollect makes: rename it, or take its attributes away with "alter role ${rolname} nologin nosuperuser nocreaterole nocreatedb noreplication nobypassrls".`,
    )
  }
}

/**
 * Makes the three group roles, shared by all databases of the server, and gives the owner what it needs in
 * this one. The database's defaults for PUBLIC go: CONNECT keeps installations on one server apart, TEMPORARY
 * and large objects would let a reader write.
 */
export async function prepareGroups(client: ClientBase): Promise<void> {
  await refuseStrangeGroups(client)
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

/**
 * The administrator's own job views (dropped and made again, perhaps, which takes grants with it) stay readable
 * for our roles, and for the owner of the views that select from them.
 */
export async function readViewsOfOthers(client: ClientBase): Promise<void> {
  await client.query(`
    do $$
    declare
      relation regclass;
    begin
      for relation in
        select view.oid
          from pg_catalog.pg_class as view
         cross join unnest(array['kwollect_owner', 'kwollect_reader', 'kwollect_writer']) as group_role (name)
         where view.relnamespace = 'public'::regnamespace
           and view.relname in ('nodetime_per_job', 'promoted_metrics_per_job')
           and not pg_catalog.has_table_privilege(group_role.name, view.oid, 'select')
         group by view.oid
      loop
        execute format('grant select on %s to kwollect_owner, kwollect_reader, kwollect_writer', relation);
      end loop;
    end
    $$`)
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
