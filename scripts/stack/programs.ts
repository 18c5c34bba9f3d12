import { execFileSync } from 'node:child_process'
import { accessSync, constants, existsSync, readdirSync } from 'node:fs'
import { delimiter, join } from 'node:path'

/** A program that the embedded stack needs is not on this machine. */
export class ProgramMissing extends Error {
  override name = 'ProgramMissing'
}

/** The programs of one PostgreSQL version. */
export interface ServerPrograms {
  readonly binFolder: string
  readonly version: number
  /** Whether CREATE EXTENSION timescaledb can work with it. */
  readonly hasTimescale: boolean
}

const oldestVersion = 15
const debianFolder = '/usr/lib/postgresql'

/** @returns the full path of a program in PATH or a system folder (an ordinary user's PATH lacks sbin) */
export function findProgram(name: string): string | undefined {
  const folders = [...(process.env.PATH ?? '').split(delimiter), '/usr/local/sbin', '/usr/sbin', '/sbin']
  return folders
    .filter(folder => folder !== '')
    .map(folder => join(folder, name))
    .find(isExecutable)
}

/**
 * The newest PostgreSQL of this machine that has TimescaleDB, else the newest one: the folder in
 * KWOLLECT_POSTGRES_BIN alone where that is set, else Debian's folders and the pg_config in PATH.
 *
 * @param dataVersion the version of existing data, which no other version reads
 * @throws {ProgramMissing} where there is no PostgreSQL 15 or newer, or not the one of the data
 */
export function findServerPrograms(dataVersion?: number): ServerPrograms {
  const found = serverFolders()
    .flatMap(describe)
    .filter(({ version }) => version >= oldestVersion && version === (dataVersion ?? version))
    .sort((a, b) => Number(b.hasTimescale) - Number(a.hasTimescale) || b.version - a.version)
  if (found[0]) return found[0]
  throw new ProgramMissing(
    `no PostgreSQL server ${dataVersion ?? `${oldestVersion} or newer`} was found: run scripts/bootstrap, or name its folder in KWOLLECT_POSTGRES_BIN`,
  )
}

function serverFolders(): string[] {
  const chosen = process.env.KWOLLECT_POSTGRES_BIN
  if (chosen) return [chosen]
  const debian = existsSync(debianFolder)
    ? readdirSync(debianFolder).map(name => join(debianFolder, name, 'bin'))
    : []
  const configured = findProgram('pg_config')
  return configured ? [...debian, output(configured, '--bindir')] : debian
}

function describe(binFolder: string): ServerPrograms[] {
  const isServer = ['postgres', 'initdb', 'pg_config'].every(name => isExecutable(join(binFolder, name)))
  if (!isServer) return []
  const configuration = join(binFolder, 'pg_config')
  return [
    {
      binFolder,
      version: Number.parseInt(output(configuration, '--version').replace(/^\D+/, ''), 10),
      hasTimescale: existsSync(join(output(configuration, '--sharedir'), 'extension', 'timescaledb.control')),
    },
  ]
}

function output(command: string, argument: string): string {
  return execFileSync(command, [argument], { encoding: 'utf8' }).trim()
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK)
    return true
  } catch {
    return false
  }
}
