import { BadConfiguration, readOptions } from '../sidecar/config.ts'
import { hookLines, installHooks, prepareHooks } from './setup/oar_hooks.ts'
import { type OarSetupOptions, oarSetupCommand } from './setup/oar_options.ts'
import { setUpOar } from './setup/oar_set_up.ts'
import { findUser } from './stack/unprivileged.ts'

/** The set-up was interrupted; nothing is left of it. */
class Interrupted extends Error {
  override name = 'Interrupted'
}

const rule = '-'.repeat(72)
const usualHookFolder = '/etc/oar/kwollect'

function report(options: OarSetupOptions, token: string): void {
  console.log(
    `Database ${options.kwollect_db_name} reads jobs from ${options.oardb_name} at ${options.oardb_host}:${options.oardb_port}, as ${options.oardb_user}.`,
  )
  const folder = options.install_hooks ?? usualHookFolder
  if (options.install_hooks === undefined) {
    console.log(
      `\nHooks promote optional metrics as soon as a job begins (without them, within a minute). Write them on OAR's server with --install_hooks ${folder}; then, in its oar.conf:`,
    )
  } else {
    const owner = findUser('oar')
    const isOurs = owner !== undefined && process.getuid?.() === 0
    installHooks(folder, { token, url: options.api_url, owner: isOurs ? owner : undefined })
    const rest = isOurs ? '' : ' Make token and url belong to the user oar, who runs them.'
    console.log(`\nHooks written to ${folder}.${rest} In the oar.conf of OAR's server:`)
  }
  console.log(`${rule}\n${hookLines(folder)}\n${rule}`)
  console.log(`Where these lines name scripts of yours already, call ours from them: it always ends with 0.`)
}

async function main(): Promise<number> {
  const stop = new AbortController()
  for (const signal of ['SIGINT', 'SIGTERM'] as const) {
    process.once(signal, () =>
      stop.abort(new Interrupted(`stopped by ${signal}: the database is as it was before.`)),
    )
  }
  try {
    const invocation = await readOptions(oarSetupCommand, process.argv.slice(2), process.env)
    if (invocation.kind === 'print') {
      console.log(invocation.text)
      return 0
    }
    const options = invocation.values
    if (options.install_hooks !== undefined) prepareHooks(options.install_hooks)
    const { token } = await setUpOar(options, stop.signal)
    report(options, token)
    return 0
  } catch (error) {
    console.error(`kwollect-setup-db-oar: ${(error as Error).message}`)
    return error instanceof BadConfiguration ? 2 : 1
  }
}

process.exitCode = await main()
