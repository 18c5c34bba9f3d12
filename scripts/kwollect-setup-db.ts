import { BadConfiguration, readOptions } from '../sidecar/config.ts'
import type { DatabaseAddress } from '../sidecar/database.ts'
import { showProgress } from './progress.ts'
import { checkJwtSecret, prepareOutput, writeApiAccess } from './setup/api_access.ts'
import { importFrom } from './setup/import.ts'
import { openSource, parseSourceUrl } from './setup/import_source.ts'
import { type SetupOptions, setupCommand } from './setup/options.ts'
import { type SetupResult, setUpDatabase } from './setup/set_up_database.ts'

/** The set-up was interrupted, and nothing is left of it, or the import, whose finished pieces stay. */
class Interrupted extends Error {
  override name = 'Interrupted'
}

const rule = '-'.repeat(72)

function report(options: SetupOptions, result: SetupResult): void {
  const { created, migrations, files, page, edition } = result
  const name = options.kwollect_db_name
  console.log(
    created
      ? `Database ${name} created.`
      : migrations + files === 0 && !page
        ? `Database ${name} is up to date.`
        : `Database ${name} updated: ${migrations} migrations, ${files} SQL files${page ? ', the graphical view' : ''}.`,
  )
  if (edition !== 'timescale') {
    console.log(
      'This is the Apache edition of TimescaleDB: no compression and no continuous aggregates; all else works.',
    )
  }
  if (options.output_dir !== undefined) {
    writeApiAccess(options.output_dir, result.access)
    console.log(
      `Configuration of PostgREST and API token written to ${options.output_dir} (postgrest.conf, token).`,
    )
    return
  }
  console.log(`\nConfiguration of PostgREST (start it with "postgrest FILE"):\n${rule}`)
  console.log(`${result.access.configuration}${rule}`)
  console.log(`\nAPI token, needed to write through the API:\n${rule}\n${result.access.token}\n${rule}`)
  console.log(`\nTo try it:\n  curl '${options.api_url}/rpc/get_metrics?devices=node-1'`)
  console.log(`The graphical view, for a browser: ${options.api_url}/rpc/dashboard`)
}

/** @param importing is called when the set-up is done: from then on a signal undoes one piece and no more */
async function setUpAndImport(
  options: SetupOptions,
  address: DatabaseAddress,
  stopping: AbortSignal,
  importing: () => void,
): Promise<void> {
  // Before anything is made: a wrong address is to be noticed first.
  const source = await openSource(address)
  try {
    report(options, await setUpDatabase(options, stopping))
    importing()
    const said = await importFrom(source, options, showProgress(process.stderr), stopping)
    console.log(`\n${said.join('\n')}`)
  } finally {
    await source.connection.end()
  }
}

async function main(): Promise<number> {
  const stop = new AbortController()
  let outcome = 'the database is as it was before.'
  for (const signal of ['SIGINT', 'SIGTERM'] as const) {
    process.once(signal, () => stop.abort(new Interrupted(`stopped by ${signal}: ${outcome}`)))
  }
  try {
    const invocation = await readOptions(setupCommand, process.argv.slice(2), process.env)
    if (invocation.kind === 'print') {
      console.log(invocation.text)
      return 0
    }
    const options = invocation.values
    checkJwtSecret(options.jwt_secret)
    const source = options.import_from === undefined ? undefined : parseSourceUrl(options.import_from)
    if (options.output_dir !== undefined) prepareOutput(options.output_dir)
    if (source === undefined) {
      report(options, await setUpDatabase(options, stop.signal))
    } else {
      await setUpAndImport(options, source, stop.signal, () => {
        outcome = 'what was copied stays; run this again to go on.'
      })
    }
    return 0
  } catch (error) {
    // The first line of a message only would hide the list of all mistakes in a configuration.
    console.error(`kwollect-setup-db: ${(error as Error).message}`)
    return error instanceof BadConfiguration ? 2 : 1
  }
}

process.exitCode = await main()
