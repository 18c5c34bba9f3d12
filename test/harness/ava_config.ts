/** What the runner (scripts/test.ts) tells ava besides package.json: in which order, and how many at once. */
import { existsSync } from 'node:fs'
import { availableParallelism } from 'node:os'
import { join, relative } from 'node:path'
import manifest from '../../package.json' with { type: 'json' }
import { repository } from './processes.ts'

/**
 * The files that take longest, longest first: begun last, one of them would run alone at the end. A file that is not
 * named here comes later in its usual place; as a list it is enough for that, and unlike times kept by the runs before
 * it is the same on every machine.
 */
const longest = [
  'dashboard/looks',
  'oar/jobs',
  'oar/collection',
  'faults/kills',
  'scripts/start',
  'scripts/import',
  'faults/full_disk',
  'dashboard/plots',
  'scripts/setup_names',
  'dashboard/messages',
  'sidecar/ipmi_failures',
  'scripts/setup_secrets',
  'faults/exporters',
  'dashboard/choose',
  'scripts/cluster',
  'faults/outage',
  'scripts/setup',
  'sidecar/kwollector',
  'scripts/setup_interrupted',
  'faults/clock',
  'scripts/setup_failures',
  'sidecar/wattmetre_kills',
  'oar/setup',
  'api/hostile',
  'api/time_out',
].map(name => join('test', `${name}.test.ts`))

for (const file of longest)
  if (!existsSync(join(repository, file)))
    throw new Error(`there is no ${file}: correct the list of the longest`)

/** Its place among the longest; all others are equal, and ava's sort keeps their order. */
function place(path: string): number {
  const index = longest.indexOf(relative(repository, path))
  return index < 0 ? longest.length : index
}

// biome-ignore lint/style/noDefaultExport: it is how ava takes its configuration.
export default {
  ...manifest.ava,
  // One more than there are processors: a file often waits for a device that is silent, or for a time-out.
  concurrency: availableParallelism() + 1,
  sortTestFiles: (one: string, other: string) => place(one) - place(other),
}
