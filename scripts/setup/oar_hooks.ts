import { accessSync, chmodSync, chownSync, constants, copyFileSync, mkdirSync, renameSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { writePrivateFile } from '../stack/secret_file.ts'
import { SetupRefused } from './prerequisites.ts'

/** Who runs OAR's hooks, on its server and on the nodes. */
export interface HookOwner {
  readonly uid: number
  readonly gid: number
}

/** What OAR calls when; the scripts are the same, and named so that a line of syslog says which one it was. */
const hookNames = ['server_prologue', 'server_epilogue', 'prologue', 'epilogue'] as const

/** @throws {SetupRefused} before the database is touched */
export function prepareHooks(folder: string): void {
  try {
    mkdirSync(folder, { recursive: true, mode: 0o755 })
    accessSync(folder, constants.W_OK | constants.X_OK)
  } catch (error) {
    throw new SetupRefused(`install_hooks cannot be written: ${(error as Error).message}`)
  }
}

/** Writes the hooks, the token and PostgREST's address; each file appears whole or not at all. */
export function installHooks(
  folder: string,
  {
    token,
    url,
    owner,
  }: { readonly token: string; readonly url: string; readonly owner?: HookOwner | undefined },
): void {
  for (const [name, content] of [
    ['token', token],
    ['url', url],
  ] as const) {
    const path = join(folder, name)
    writePrivateFile(path, `${content}\n`)
    if (owner !== undefined) chownSync(path, owner.uid, owner.gid)
  }
  for (const name of hookNames) {
    const path = join(folder, name)
    copyFileSync(join(import.meta.dirname, '..', 'hooks', 'oar_hook'), `${path}.new`)
    chmodSync(`${path}.new`, 0o755)
    renameSync(`${path}.new`, path)
  }
}

/** @returns the lines for OAR's configuration */
export function hookLines(folder: string): string {
  return [
    `SERVER_PROLOGUE_EXEC_FILE="${join(resolve(folder), 'server_prologue')}"`,
    `SERVER_EPILOGUE_EXEC_FILE="${join(resolve(folder), 'server_epilogue')}"`,
  ].join('\n')
}
