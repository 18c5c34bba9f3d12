/**
 * `npm start`: the whole of kwollect on this machine in one folder, with real devices, until Ctrl-C.
 *
 * Exit statuses: 0 asked to stop, 1 something failed or a server ended by itself, 2 bad options.
 */
import { basename, resolve } from 'node:path'
import { BadConfiguration, type OptionDefinition, type OptionValues, readOptions } from '../sidecar/config.ts'
import { loadDescriptions } from '../sidecar/descriptions.ts'
import { lastLines } from './stack/child.ts'
import { EmbeddedStack } from './stack/embedded.ts'
import { type Example, embeddedExample, ownExample, untilAnswered } from './stack/first_values.ts'
import { takeStateFolder } from './stack/state_folder.ts'
import { NotInTime } from './stack/until.ts'

const startCommand = {
  name: 'npm start --',
  summary: 'Runs the whole of kwollect on this machine, with devices to poll, until Ctrl-C.',
  options: {
    metrics_dir: {
      kind: 'text',
      placeholder: 'DIR',
      help: 'poll the devices described there instead of the snmpd and the exporter that are started otherwise',
    },
    api_port: {
      kind: 'integer',
      default: 3000,
      minimum: 1,
      maximum: 65535,
      help: 'port of the HTTP API, if free',
    },
    state_dir: {
      kind: 'text',
      default: '.kwollect',
      placeholder: 'DIR',
      help: 'folder of the data, passwords and logs, kept between runs',
    },
  },
} as const satisfies {
  name: string
  summary: string
  options: Record<string, OptionDefinition>
}

type StartOptions = OptionValues<typeof startCommand.options>

const firstValuesTimeoutMs = 60_000
const begin = performance.now()

process.exitCode = await main()

async function main(): Promise<number> {
  const stop = new AbortController()
  // A second Ctrl-C changes nothing: npm passes each one on, so every one comes twice.
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => stop.abort())
  // Nobody reads any more (a closed terminal, `| head`): the same as Ctrl-C, and no reason to die without order.
  for (const stream of [process.stdout, process.stderr]) stream.on('error', () => stop.abort())
  try {
    // Variables like KWOLLECT_METRICS_DIR belong to an installation, not to this one.
    const invocation = await readOptions(startCommand, process.argv.slice(2), {})
    if (invocation.kind === 'run') return await runStack(invocation.values, stop.signal)
    console.log(invocation.text)
    return 0
  } catch (error) {
    console.error((error as Error).message)
    return error instanceof BadConfiguration ? 2 : 1
  }
}

async function runStack(options: StartOptions, asked: AbortSignal): Promise<number> {
  const over = new AbortController()
  const signal = AbortSignal.any([asked, over.signal])
  const metricsFolder = options.metrics_dir === undefined ? undefined : fromInvocation(options.metrics_dir)
  const ownDevices = metricsFolder === undefined ? [] : await readDevices(metricsFolder)
  const folder = await takeStateFolder(resolve(options.state_dir))
  if (folder.substitute)
    console.log(`the servers' user cannot enter this folder: the data are in ${folder.substitute}`)
  const stack = new EmbeddedStack(folder, { metricsFolder, apiPort: options.api_port })
  try {
    await stack.start(reportStep, signal)
    const example = metricsFolder ? ownExample(stack.url, ownDevices) : embeddedExample(stack.url)
    const accident = await Promise.race([stack.untilOneEnds(), serve(stack, example, metricsFolder, signal)])
    if (accident === undefined) return 0
    console.error(accident)
    return 1
  } catch (error) {
    if (asked.aborted) return 0
    throw error
  } finally {
    over.abort()
    await stopStack(stack)
    folder.release()
  }
}

/** Relative to where the user is: npm itself changes to the package's folder and says where it came from. */
function fromInvocation(path: string): string {
  return resolve(process.env.INIT_CWD ?? '', path)
}

/** @returns up to three devices for the example, those first whose name the API takes as it is */
async function readDevices(metricsFolder: string): Promise<string[]> {
  const { descriptions, errors } = await loadDescriptions(metricsFolder)
  if (errors.length > 0) throw new BadConfiguration(errors.join('\n'))
  const polled = new Set(descriptions.filter(({ optional }) => !optional).map(({ deviceId }) => deviceId))
  if (polled.size === 0) throw new BadConfiguration(`${metricsFolder} describes no metric that is polled`)
  const isPlain = (name: string) => !/[.,]/.test(name)
  return [...polled].sort((a, b) => Number(isPlain(b)) - Number(isPlain(a))).slice(0, 3)
}

async function reportStep(what: string, work: () => Promise<string>): Promise<void> {
  const stepBegin = performance.now()
  const result = await work()
  console.log(`${what.padEnd(12)}${seconds(stepBegin)}  ${result}`)
}

/**
 * Says `ready` once the printed request has been answered, then waits for the end.
 *
 * @returns what went wrong, undefined where the user asked to stop
 */
async function serve(
  stack: EmbeddedStack,
  example: Example,
  metricsFolder: string | undefined,
  signal: AbortSignal,
): Promise<string | undefined> {
  const waitBegin = performance.now()
  try {
    await untilAnswered(example, firstValuesTimeoutMs, signal)
  } catch (error) {
    if (!(error instanceof NotInTime)) throw error
    const logEnd = `the end of ${stack.collectorLog}:\n${lastLines(stack.collectorLog)}`
    if (metricsFolder === undefined) return `${error.message}; ${logEnd}`
    // The user's device may be off: everything else runs, and it may answer later.
    console.log(`still waiting for ${metricsFolder}: ${error.message}; ${logEnd}`)
    await untilAnswered(example, Number.POSITIVE_INFINITY, signal)
  }
  console.log(`${'values'.padEnd(12)}${seconds(waitBegin)}  the request below has been answered`)
  console.log(`\nready after${seconds(begin)}\n\n${whatToTry(stack, example)}\n`)
  await new Promise(end => signal.addEventListener('abort', end, { once: true }))
  return undefined
}

function whatToTry(stack: EmbeddedStack, example: Example): string {
  const job = stack.job === undefined ? '' : `, also of job ${stack.job}`
  return [
    `  ${stack.url}/rpc/dashboard  shows plots in a browser${job}`,
    `  curl '${example.url}'`,
    `  ${stack.url}/  describes the whole API`,
    `  ${stack.psql}`,
    '',
    `  ${basename(stack.collectorLog)} and the servers' logs: ${resolve(stack.collectorLog, '..')}`,
    '  Ctrl-C stops everything; the data are kept.',
  ].join('\n')
}

async function stopStack(stack: EmbeddedStack): Promise<void> {
  const stopBegin = performance.now()
  await stack.stop()
  console.log(`${'stopped'.padEnd(12)}${seconds(stopBegin)}`)
}

function seconds(since: number): string {
  return `${((performance.now() - since) / 1000).toFixed(1).padStart(6)} s`
}
