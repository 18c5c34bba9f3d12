import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import ava, { type ExecutionContext } from 'ava'
import { until } from '../../scripts/stack/until.ts'
import { testDatabase } from '../harness/database.ts'
import { runScript } from '../harness/processes.ts'
import { testWhere } from '../harness/server.ts'
import { snmpdMissing, startSnmpd } from '../peers/snmpd.ts'
import {
  type Configuration,
  configure,
  startKwollector,
  stopKwollector,
  storedMetrics,
} from './kwollector_program.ts'

const snmpdTest = testWhere(ava, snmpdMissing)

const watts = '1.3.6.1.4.1.99999.1.1.0'
const options = { overrides: [[watts, 'integer', '182']] } as const

const kwollector = (...args: string[]) => runScript('sidecar/kwollector.ts', args)

/** Two files with three errors and two good descriptions. */
function describeBadly({ describe, metricsDir }: Configuration, url: string): string[] {
  describe(
    'a.yml',
    `- name: power_watt\n  device_id: a\n  url: ${url}\n  update_every: -5\n- {name: good_a, device_id: a, url: "${url}", update_every: 100}\n`,
  )
  describe(
    'b.yaml',
    `- name: x\n  device_id: b\n  url: gopher://b/\n- {name: good_b, device_id: b, url: "${url}", update_every: 100, colour: red}\n- {name: good_c, device_id: c, url: "${url}", update_every: 100}\n`,
  )
  return [
    `${metricsDir}/a.yml:4:3: update_every must be a positive number of milliseconds, got -5`,
    `${metricsDir}/b.yaml:3:3: url has an unknown protocol; supported: `,
    `${metricsDir}/b.yaml:4:`,
  ]
}

async function quietConfiguration(t: ExecutionContext): Promise<Configuration> {
  return configure(t, await testDatabase(t), { log_level: 'info' })
}

ava('--check prints every error with its place, counts, and ends with status 2', async t => {
  const configuration = await quietConfiguration(t)
  const errors = describeBadly(configuration, 'snmp://public@10.0.0.1/1.3.6')
  const outcome = await kwollector(configuration.file, '--check')
  t.is(outcome.status, 2)
  const lines = outcome.stderr.trimEnd().split('\n')
  t.is(lines.length, errors.length)
  for (const [index, error] of errors.entries()) t.true(lines[index]?.startsWith(error), lines[index])
  t.regex(outcome.stdout, /^\d descriptions are good, 3 errors\n$/)
})

ava('--check of good descriptions ends with status 0 and needs neither device nor database', async t => {
  const configuration = await quietConfiguration(t)
  configuration.describe('a.yml', 'name: m\ndevice_id: a\nurl: snmp://public@no-such-host.invalid/1.3.6\n')
  const { status, stdout, stderr } = await kwollector(
    configuration.file,
    '--check',
    '--db_host',
    'nowhere.invalid',
  )
  t.deepEqual(
    { status, stdout, stderr },
    { status: 0, stdout: '1 descriptions are good, 0 errors\n', stderr: '' },
  )
})

ava(
  'a missing metrics_dir, an unknown option and an unknown key end it with status 2 and a sentence',
  async t => {
    const { file, database, metricsDir } = await quietConfiguration(t)
    const misspelt = join(metricsDir, 'kwollector.yaml')
    writeFileSync(misspelt, `db_password: ${database.password}\nmetric_dir: /etc\n`)
    for (const [args, message] of [
      [[file, '--metrics_dir', '/no/such/folder'], 'kwollector: cannot read metrics_dir /no/such/folder: '],
      [[file, '--metricsdir', '/etc'], 'kwollector: unknown option --metricsdir'],
      [[misspelt], `kwollector: ${misspelt}:2:1: unknown key metric_dir`],
      [[file, '--db_port', 'many'], 'kwollector: --db_port must be'],
    ] as const) {
      const { status, stdout, stderr } = await kwollector(...args)
      t.is(status, 2)
      t.is(stdout, '')
      t.true(stderr.startsWith(message), stderr)
      t.is(stderr.trimEnd().split('\n').length, 1)
      t.false(stderr.includes(database.password))
    }
  },
)

ava('a spool that another one uses ends it with status 1 and a sentence', async t => {
  const configuration = await quietConfiguration(t)
  const first = await startKwollector(t, configuration)
  await first.untilPrinted('are collected')
  const { status, stderr } = await kwollector(configuration.file)
  t.is(status, 1)
  t.is(
    stderr,
    `kwollector: another kwollector uses the spool ${configuration.spoolDir}/spool.sqlite; stop it, or give another spool_dir\n`,
  )
  await stopKwollector(t, first, configuration.database)
  t.true(first.output().includes('there are no descriptions: nothing is collected'))
})

snmpdTest('at the start bad descriptions are all reported and the good ones polled', async t => {
  const [configuration, agent] = await Promise.all([quietConfiguration(t), startSnmpd(t, options)])
  const errors = describeBadly(configuration, `snmp://public@${agent.host}:${agent.port}/${watts}`)
  const program = await startKwollector(t, configuration)
  await until('values of both', async () => {
    const names = new Set((await storedMetrics(configuration.database)).map(({ metric_id }) => metric_id))
    return names.has('good_a') && names.has('good_c')
  })
  await stopKwollector(t, program, configuration.database)
  for (const error of errors) t.true(program.output().includes(`Z error ${error}`), error)
})

snmpdTest('SIGHUP takes new descriptions over, and keeps the old ones where a file has an error', async t => {
  const [configuration, agent] = await Promise.all([quietConfiguration(t), startSnmpd(t, options)])
  const { database, describe } = configuration
  const url = `snmp://public@${agent.host}:${agent.port}/${watts}`
  const described = (...names: string[]) =>
    names.map(name => ({ name, device_id: 'a', url, update_every: 100 }))
  const count = async (name: string) => (await storedMetrics(database, name)).length
  const untilMore = async (name: string) => {
    const before = await count(name)
    await until(`another value of ${name}`, async () => (await count(name)) > before)
  }
  describe('a.yml', described('first'))
  const program = await startKwollector(t, configuration)
  await untilMore('first')

  describe('a.yml', described('first', 'second'))
  program.signal('SIGHUP')
  await untilMore('second')
  await untilMore('first')

  describe('b.yml', '- name: [broken\n')
  describe('a.yml', described('third'))
  program.signal('SIGHUP')
  await program.untilPrinted('is not taken over because of')
  await untilMore('second')
  t.is(await count('third'), 0)
  t.regex(program.output(), /error \S+\/b\.yml:\d+:\d+: YAML: /)

  describe('b.yml', '')
  program.signal('SIGHUP')
  await untilMore('third')
  await stopKwollector(t, program, database)
  const [before, after] = await Promise.all([
    storedMetrics(database, 'first'),
    storedMetrics(database, 'third'),
  ])
  t.true((before.at(-1)?.us ?? 0) < (after[0]?.us ?? 0), 'what was removed is polled no more')
})
