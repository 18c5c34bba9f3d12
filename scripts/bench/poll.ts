import { BadConfiguration, type OptionDefinitions, type OptionValues } from '../../sidecar/config.ts'
import { openScope } from '../../test/harness/scope.ts'
import type { Progress } from '../progress.ts'
import type { StateFolder } from '../stack/state_folder.ts'
import { install } from './installation.ts'
import { type PollOutcome, type PollPlace, runPolls } from './poll_run.ts'
import { type Scenario, scenarios } from './poll_scenarios.ts'
import { failedLine, type Line, skippedLine } from './report.ts'
import { onServer } from './server.ts'

export const pollOptions = {
  scenario: {
    kind: 'text',
    placeholder: 'NAMES',
    help: `which to run, with commas between them: ${scenarios.map(({ name }) => name).join(', ')}; all where absent`,
  },
  seconds: {
    kind: 'integer',
    default: 20,
    minimum: 2,
    help: 'length of each run, after the first value of every metric; of "dead" three times that, of "site" thirty times',
  },
} as const satisfies OptionDefinitions

/** The program's own start is over then, and so are the time-outs of the polls that the window ends in. */
const settleMs = 3_000

/**
 * kwollector against real agents, BMCs and exporters, on a server that writes to disk as a real one does: all
 * that was due is counted in the database.
 *
 * @param folder of this run alone
 * @param signal ends the server, and with it the run
 */
export function benchPoll(
  { scenario, seconds }: OptionValues<typeof pollOptions>,
  folder: StateFolder,
  progress: Progress,
  signal: AbortSignal,
): Promise<Line[]> {
  const chosen = chosenScenarios(scenario)
  return onServer(folder, signal, async cluster => {
    const installation = await install(cluster, folder.path, 'bench_poll')
    const place = { ...installation, serverPid: cluster.server?.identity.pid ?? 0, progress: progress.at }
    const lines: Line[] = []
    try {
      for (const scenario of chosen)
        lines.push(...(await measure(scenario, seconds, place, progress, signal)))
      return lines
    } finally {
      await installation.sql.end({ timeout: 1 })
    }
  })
}

/** @throws {BadConfiguration} for a name that is none */
function chosenScenarios(names: string | undefined): readonly Scenario[] {
  if (names === undefined) return scenarios
  return names.split(',').map(name => {
    const found = scenarios.find(scenario => scenario.name === name.trim())
    if (found !== undefined) return found
    throw new BadConfiguration(
      `--scenario knows ${scenarios.map(({ name }) => name).join(', ')}, got ${JSON.stringify(name.trim())}`,
    )
  })
}

async function measure(
  { name, missing, longer = 1, rounds, lines }: Scenario,
  asked: number,
  place: PollPlace,
  progress: Progress,
  signal: AbortSignal,
): Promise<Line[]> {
  const whole = { name: `${name}: the run`, target: { bound: '<=', value: 0, unit: 'failures' } } as const
  if (missing !== undefined) return [skippedLine(whole, 'failures', missing)]
  const seconds = asked * longer
  const outcomes: PollOutcome[][] = []
  for (const [index, { promoted, loads }] of rounds.entries()) {
    signal.throwIfAborted()
    progress.step(rounds.length === 1 ? `${name}, ${seconds} s` : `${name} (${index + 1}), ${seconds} s`)
    const id = `${name}-${Date.now()}`
    const scope = openScope()
    try {
      const run = { id, loads: await loads(scope, id), promoted, seconds, settleMs }
      outcomes.push(await runPolls(run, place))
    } catch (error) {
      return [failedLine(whole, 'failures', String(error))]
    } finally {
      await scope.end()
    }
  }
  return lines(`${name}, ${seconds} s`, outcomes)
}
