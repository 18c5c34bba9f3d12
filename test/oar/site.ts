import { chownSync } from 'node:fs'
import { join } from 'node:path'
import type { ExecutionContext } from 'ava'
import { type TestDatabase, testDatabase } from '../harness/database.ts'
import { temporaryFolder } from '../harness/folders.ts'
import { startPostgrest } from '../harness/postgrest.ts'
import type { BackgroundProcess } from '../harness/processes.ts'
import { type Oar, startOar } from '../peers/oar.ts'
import { startSnmpd } from '../peers/snmpd.ts'
import { configure, startKwollector } from '../sidecar/kwollector_program.ts'
import { connectOar } from './connect.ts'

const nodes = ['node-1', 'node-2', 'node-3']
/** What each node has: one metric at any time, two only for jobs, one of them so rare that a job sees it once. */
export const metrics = [
  { name: 'power_watt', update_every: 200 },
  { name: 'prom_load', update_every: 200, optional: true },
  { name: 'prom_rare', update_every: 3_600_000, optional: true },
  { name: 'fan_rpm', update_every: 200, optional: true },
]
const uptime = '1.3.6.1.2.1.1.3.0'

/** OAR, a database, kwollector and agents; PostgREST comes and goes. */
export interface Site {
  readonly oar: Oar
  readonly database: TestDatabase
  readonly hookFolder: string
  readonly program: BackgroundProcess
}

export async function startSite(t: ExecutionContext): Promise<Site> {
  const database = await testDatabase(t)
  const hookFolder = temporaryFolder(t, 0o755)
  const [oar, agent] = await Promise.all([
    startOar(t, { nodes: nodes.flatMap(node => Array(2).fill(`${node}.lyon.example.org`)), hookFolder }),
    startSnmpd(t, { addresses: nodes.length }),
  ])
  const configuration = configure(t, database)
  configuration.describe(
    'nodes.yaml',
    nodes.flatMap((node, index) =>
      metrics.map(metric => ({
        ...metric,
        device_id: node,
        url: `snmp://${agent.community}@${agent.hosts[index]}:${agent.port}/${uptime}`,
      })),
    ),
  )
  // What a switch measures for a node: promoted under the alias.
  configuration.describe('switch.yaml', [
    {
      name: 'prom_port',
      device_id: 'switch-1',
      labels: { _device_alias: 'node-3' },
      url: `snmp://${agent.community}@${agent.host}:${agent.port}/1.3.6.1.2.1.11.1.0`,
      update_every: 200,
      optional: true,
    },
  ])
  const program = await startKwollector(t, configuration)
  return { oar, database, hookFolder, program }
}

/** PostgREST, and the hooks that call it; the returned function ends it. */
export async function startApi(t: ExecutionContext, { oar, database, hookFolder }: Site) {
  const steps: (() => void | Promise<void>)[] = []
  const stop = async () => {
    for (const step of steps.splice(0).reverse()) await step()
  }
  t.teardown(stop)
  const api = await startPostgrest({ teardown: step => void steps.push(step) }, database)
  await connectOar(t, database, { ...oar.options, install_hooks: hookFolder, api_url: api.url })
  // Here OAR does not run as oar.
  if (oar.user) {
    for (const file of ['token', 'url']) chownSync(join(hookFolder, file), oar.user.uid, oar.user.gid)
  }
  return { api, stop }
}
