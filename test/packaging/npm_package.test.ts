import { execFileSync } from 'node:child_process'
import { existsSync, globSync } from 'node:fs'
import { delimiter, join } from 'node:path'
import ava from 'ava'
import { writePrivateFile } from '../../scripts/stack/secret_file.ts'
import { until } from '../../scripts/stack/until.ts'
import { emptyInstallation } from '../harness/database.ts'
import { temporaryFolder } from '../harness/folders.ts'
import { repository, run, startProcess } from '../harness/processes.ts'
import { fileScope } from '../harness/scope.ts'
import { testWhere } from '../harness/server.ts'
import { startExporter } from '../peers/exporter.ts'
import { configure, stopKwollector, storedMetrics } from '../sidecar/kwollector_program.ts'

const commands = ['kwollect-setup-db', 'kwollect-setup-db-oar', 'kwollector', 'kwollector-wattmetre']
const file = fileScope(ava)

/** Where the commands were installed. */
let bin: string
/** What npm put into the package, by path. */
let packed: readonly string[]

ava.before('pack the package and install it elsewhere', async t => {
  t.timeout(180_000)
  const folder = temporaryFolder(file)
  // npm keeps compiled code of its own in TMPDIR.
  const options = { environment: { TMPDIR: temporaryFolder(file) }, timeoutMs: 120_000 }
  const pack = await run('npm', ['pack', '--json', '--pack-destination', folder], options)
  t.is(pack.status, 0, pack.stderr)
  // The build prints before it.
  const [report] = JSON.parse(pack.stdout.slice(pack.stdout.search(/^\[$/m))) as PackReport[]
  packed = report?.files.map(({ path }) => path) ?? []
  const installed = await run(
    'npm',
    ['install', '--global', '--prefix', folder, '--omit=dev', join(folder, report?.filename ?? '')],
    { ...options, folder },
  )
  t.is(installed.status, 0, installed.stderr)
  bin = join(folder, 'bin')
})

interface PackReport {
  readonly filename: string
  readonly files: readonly { readonly path: string }[]
}

ava('the package holds what runs, and neither sources nor tests', t => {
  const folders =
    /^(?:dist\/(?:(?:bin|migrations|scripts|sidecar|sql)\/|dashboard\.html$)|docs\/|grafana\/|packaging\/systemd\/)/
  const files = ['package.json', 'README.md', 'CHANGELOG.md', 'LICENSE']
  t.deepEqual(
    packed.filter(path => !folders.test(path) && !files.includes(path)),
    [],
  )
  t.deepEqual(
    packed.filter(path => /\.ts$|test|bench/.test(path) && !path.startsWith('docs/')),
    [],
  )
  const needed = [
    ...globSync('sql/**/*.sql', { cwd: repository }),
    ...globSync('migrations/*.ts', { cwd: repository }).map(path => path.replace(/ts$/, 'js')),
    'scripts/hooks/oar_hook',
  ].map(path => `dist/${path}`)
  t.deepEqual(
    needed.filter(path => !packed.includes(path)),
    [],
  )
  t.true(needed.length > 80)
})

ava('each of the four commands says what it is and takes', async t => {
  for (const name of commands) {
    const [version, help] = await Promise.all([
      run(join(bin, name), ['--version']),
      run(join(bin, name), ['--help']),
    ])
    t.deepEqual(
      { ...version, stdout: version.stdout.trim() },
      { status: 0, signal: null, stdout: `${name} 2.0.0`, stderr: '' },
    )
    t.is(help.status, 0)
    t.true(help.stdout.startsWith(`${name}: `))
  }
})

ava('the installed commands set a database up, twice, and store what a device says', async t => {
  const installation = emptyInstallation(t)
  const { database } = installation
  const options = join(temporaryFolder(t), 'setup.yaml')
  writePrivateFile(options, JSON.stringify(installation.options))
  for (const words of [/^Database \S+ created\.$/m, /^Database \S+ is up to date\.$/m]) {
    const setup = await run(join(bin, 'kwollect-setup-db'), [options, '--output_dir', database.apiFolder])
    t.is(setup.status, 0, setup.stderr)
    t.is(setup.stderr, '')
    t.regex(setup.stdout, words)
  }

  const exporter = await startExporter(t, (_request, response) => void response.end('watts 7\n'))
  const configuration = configure(t, database)
  configuration.describe('node-1.yml', [
    {
      name: 'exporter',
      device_id: 'node-1',
      url: `prometheus://${exporter.host}:${exporter.port}/`,
      update_every: 500,
    },
  ])
  const program = await startProcess(t, join(bin, 'kwollector'), [configuration.file], { name: 'kwollector' })
  await until('a stored value', async () => (await storedMetrics(database, 'prom_watts')).length > 0, 20_000)
  await stopKwollector(t, program, database)
  const [{ device_id, value } = {}] = await storedMetrics(database, 'prom_watts')
  t.deepEqual([device_id, value], ['node-1', 7])
})

const older = (process.env.PATH ?? '')
  .split(delimiter)
  .map(folder => join(folder, 'node'))
  .find(
    node =>
      existsSync(node) &&
      execFileSync(node, ['--print', 'parseInt(process.versions.node) < 24']).toString() === 'true\n',
  )
const testOlder = testWhere(ava, older === undefined ? 'there is no older Node in PATH' : undefined)

testOlder('an older Node says in one sentence which one is needed', async t => {
  for (const name of commands) {
    const { status, stdout, stderr } = await run(older ?? '', [join(bin, name), '--help'])
    t.is(status, 1)
    t.is(stdout, '')
    t.regex(stderr, /^kwollect needs Node\.js 24 or newer, this is v\d+\.\d+\.\d+ \(\S+\): [^\n]*\n$/)
  }
})
