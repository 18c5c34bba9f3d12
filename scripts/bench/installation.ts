import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import type postgres from 'postgres'
import type { Cluster, ServerAddress } from '../stack/cluster.ts'
import { keptSecret } from '../stack/secret_file.ts'
import { connect, setUp } from './databases.ts'

/** A database of kwollect without data, and how programs of the sidecar and PostgREST reach it. */
export interface Installation {
  readonly name: string
  readonly user: string
  readonly server: ServerAddress
  /** Of this run alone: for options, logs and spools. */
  readonly folder: string
  /** `postgrest.conf` and `token`, as kwollect-setup-db writes them. */
  readonly apiFolder: string
  /** Options of kwollector and kwollector-wattmetre that name the database. */
  readonly options: Readonly<Record<string, string | number>>
  /** As superuser, one connection; ended by who asked for the installation. */
  readonly sql: postgres.Sql
}

const user = 'kwuser'

/** @param path folder to make the installation's own in */
export async function install({ address }: Cluster, path: string, name: string): Promise<Installation> {
  const folder = join(path, name)
  mkdirSync(folder, { recursive: true, mode: 0o700 })
  const password = keptSecret(join(folder, user))
  await setUp(address, name, { folder, user, password })
  const { host, port } = address
  return {
    name,
    user,
    server: address,
    folder,
    apiFolder: join(folder, name),
    options: { db_host: host, db_port: port, db_name: name, db_user: user, db_password: password },
    sql: connect(address, name),
  }
}
