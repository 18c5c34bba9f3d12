import type { OptionDefinitions, OptionValues } from '../../sidecar/config.ts'
import type { Progress } from '../progress.ts'
import type { StateFolder } from '../stack/state_folder.ts'
import { install } from './installation.ts'
import { measureHistory } from './jobs_history.ts'
import { measureHooks } from './jobs_hooks.ts'
import type { Line } from './report.ts'
import { onServer } from './server.ts'

export const jobsOptions = {
  jobs: {
    kind: 'integer',
    default: 100,
    minimum: 10,
    maximum: 200,
    help: 'how many jobs a real OAR runs, one after the other begun and then kept running',
  },
  history: {
    kind: 'integer',
    default: 1_000_000,
    minimum: 10_000,
    help: "jobs of the past in OAR's database, each of 10 nodes",
  },
} as const satisfies OptionDefinitions

/**
 * From a hook of a real OAR to stored values, and what kwollect asks of an OAR with years of jobs behind it.
 *
 * @param folder of this run alone
 * @param signal ends the server, and with it the run
 */
export function benchJobs(
  { jobs, history }: OptionValues<typeof jobsOptions>,
  folder: StateFolder,
  progress: Progress,
  signal: AbortSignal,
): Promise<Line[]> {
  return onServer(folder, signal, async cluster => {
    const installation = await install(cluster, folder.path, 'bench_jobs')
    try {
      return [
        ...(await measureHooks(installation, jobs, progress)),
        ...(await measureHistory(installation, history, progress)),
      ]
    } finally {
      await installation.sql.end({ timeout: 1 })
    }
  })
}
