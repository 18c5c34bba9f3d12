import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Cluster, ServerAddress } from '../../scripts/stack/cluster.ts'
import { privateCluster } from '../harness/cluster.ts'
import type { Scope } from '../harness/scope.ts'
import { databaseUrl, withConnection } from '../harness/server.ts'

/** Where OAR's packages have its programs and its schema. */
export const oarPrograms = '/usr/lib/oar'

/** Why tests against a real OAR cannot run here; undefined where they can. */
export const oarMissing = ['Almighty', 'oarsub', 'database/pg_structure.sql'].every(file =>
  existsSync(join(oarPrograms, file)),
)
  ? undefined
  : 'OAR is not installed (packages oar-server, oar-server-pgsql, oar-user, oar-user-pgsql)'

/** A PostgreSQL of its own with the real database of OAR. */
export interface OarDatabase {
  /** Asks for SCRAM passwords; a test may stop and start it. */
  readonly cluster: Cluster
  /** Options of kwollect-setup-db-oar. */
  readonly options: Readonly<Record<string, string | number>>
  /** Connection string of the owner of OAR's database. */
  readonly ownerUrl: string
}

const oarDatabase = 'oar2'
const reader = { user: 'oarreader', password: 'read by kwollect' }
const owner = { user: 'oar', password: 'oar' }

/** OAR's database with the rights that kwollect's documents ask for, and nothing in it yet. */
export async function startOarDatabase(scope: Scope): Promise<OarDatabase> {
  const cluster = await privateCluster(scope)
  await createDatabase(cluster.address)
  return {
    cluster,
    ownerUrl: databaseUrl({ ...cluster.address, ...owner }, oarDatabase),
    options: {
      oardb_host: cluster.address.host,
      oardb_port: cluster.address.port,
      oardb_name: oarDatabase,
      oardb_user: reader.user,
      oardb_password: reader.password,
    },
  }
}

/** OAR's own schema and rules; the rule on job types learns `monitor`, as OAR's administrator has to teach it. */
async function createDatabase(server: ServerAddress): Promise<void> {
  await withConnection(databaseUrl(server, 'postgres'), async sql => {
    await sql.unsafe(`create role ${owner.user} login password '${owner.password}'`)
    await sql.unsafe(`create role ${reader.user} login password '${reader.password}'`)
    await sql.unsafe(`create database ${oarDatabase} owner ${owner.user} template template0`)
  })
  await withConnection(databaseUrl({ ...server, ...owner }, oarDatabase), async sql => {
    for (const file of ['pg_structure', 'default_data', 'pg_default_admission_rules'])
      await sql.unsafe(readFileSync(join(oarPrograms, 'database', `${file}.sql`), 'utf8')).simple()
    const taught = await sql`
      update admission_rules
         set rule = replace(rule, 'qr/^state=permissive$/,', 'qr/^state=permissive$/, qr/^monitor(?:=.+)?$/,')
       where rule like '%# Check if job types are valid%'`
    if (taught.count !== 1) throw new Error('OAR has no rule on job types')
    await sql`grant select on jobs, job_types, assigned_resources, resources to oarreader`
  })
}
