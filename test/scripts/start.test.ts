import { existsSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { join } from 'node:path'
import test from 'ava'
import { freePort } from '../../scripts/stack/free_port.ts'
import { commandLine, isRunning, type ProcessIdentity } from '../../scripts/stack/process_identity.ts'
import { until } from '../../scripts/stack/until.ts'
import { temporaryFolder } from '../harness/folders.ts'
import { type BackgroundProcess, run, runScript, startProcess } from '../harness/processes.ts'
import { fileScope, type Scope } from '../harness/scope.ts'

interface Row {
  readonly timestamp: string
  readonly device_id: string
  readonly metric_id: string
  readonly value: number
}

/** One `npm start` of a test, in a folder of its own. */
interface Stack extends BackgroundProcess {
  readonly folder: string
}

const readyTimeoutMs = 90_000
const file = fileScope(test)
let shared: Stack

test.before(async () => {
  shared = await startStack(file)
  await untilReady(shared)
})

test.serial(
  'the printed curl answers with values of snmpd and of the exporter, none older than 10 s',
  async t => {
    const rows = await tryPrinted(shared)
    const newest = new Map(rows.map(row => [row.metric_id, row]))
    for (const [device, metric] of [
      ['this-host', 'uptime_seconds'],
      ['this-host', 'prom_node_load1'],
      ['pdu-1', 'power_watt'],
    ] as const) {
      const row = newest.get(metric)
      t.is(row?.device_id, device)
    }
    const latest = Math.max(...rows.map(row => Date.parse(row.timestamp)))
    t.true(Date.now() - latest < 10_000, `the newest value is of ${new Date(latest).toISOString()}`)
    // Four outlets of 110 to 260 W, and more the more this machine has to do.
    t.true((newest.get('power_watt')?.value ?? 0) > 440)
  },
)

test.serial('the printed psql line reads values without asking for a password', async t => {
  const line = /^ {2}(PGPASSFILE=.*)$/m.exec(shared.output())?.[1] ?? ''
  const { stdout, stderr } = await run('sh', ['-c', `${line} -w -Atc 'select count(*) > 0 from metrics'`])
  t.is(stdout, 't\n', stderr)
})

test.serial('a second start in the same folder says who runs there and ends with status 1', async t => {
  const { status, stderr } = await runScript('scripts/start.ts', ['--state_dir', shared.folder])
  t.is(status, 1)
  t.true(stderr.includes(`kwollect already runs here (process ${shared.identity.pid},`), stderr)
})

test.serial('no password of the stack is in the process list or readable by others', t => {
  const secrets = ['secrets/kwuser', 'secrets/kwuser_ro', 'cluster/password', 'api/token'].map(name => {
    const path = join(shared.folder, name)
    t.is(statSync(path).mode & 0o077, 0, name)
    return readFileSync(path, 'utf8').trim()
  })
  for (const { pid } of processesOf(shared)) {
    const command = commandLine(pid).join(' ')
    t.not(command, '')
    t.false(secrets.some(secret => command.includes(secret)))
  }
  for (const name of ['kwollector.yaml', 'setup.yaml', 'pgpass', 'api/postgrest.conf']) {
    t.is(statSync(join(shared.folder, name)).mode & 0o077, 0, name)
  }
})

test.serial('the servers do not run as root', t => {
  const users = processesOf(shared)
    .filter(({ pid }) => /snmpd|exporter|postgres$/.test(commandLine(pid)[0] ?? ''))
    .map(({ pid }) => statSync(`/proc/${pid}`).uid)
  t.is(users.length, 3)
  t.false(users.includes(0))
})

test.serial('with --metrics_dir it polls those devices and starts none of its own', async t => {
  const metricsFolder = temporaryFolder(t)
  const description = readFileSync(join(shared.folder, 'metrics.d', 'this-host-exporter.yaml'), 'utf8')
  writeFileSync(join(metricsFolder, 'mine.yaml'), description.replace('this-host', 'my-device'))
  const stack = await startStack(t, ['--metrics_dir', metricsFolder])
  await untilReady(stack)
  const rows = await tryPrinted(stack)
  t.deepEqual([...new Set(rows.map(row => row.device_id))], ['my-device'])
  t.false(processesOf(stack).some(({ pid }) => /snmpd|exporter/.test(commandLine(pid)[0] ?? '')))
})

test.serial(
  'an error in the descriptions of --metrics_dir ends it with status 2 before anything starts',
  async t => {
    const metricsFolder = temporaryFolder(t)
    writeFileSync(join(metricsFolder, 'bad.yaml'), '- name: a\n  device_id: b\n  url: nonsense://c/d\n')
    const folder = join(temporaryFolder(t), 'state')
    const { status, stderr } = await runScript('scripts/start.ts', [
      ...['--state_dir', folder],
      ...['--metrics_dir', metricsFolder],
    ])
    t.is(status, 2)
    t.regex(stderr, /bad\.yaml:3:\d+: /)
    t.false(existsSync(folder))
  },
)

test.serial('a taken port is replaced by a free one, and it says so', async t => {
  const port = await freePort()
  const holder = createServer().listen(port, '127.0.0.1')
  t.teardown(() => void holder.close())
  const stack = await startStack(t, ['--api_port', String(port)])
  await stack.untilPrinted(`because port ${port} is taken`, readyTimeoutMs)
  t.notRegex(stack.output(), new RegExp(`http://127.0.0.1:${port}[/ ,]`))
})

test.serial('Ctrl-C, pressed twice, ends everything within 10 s with status 0', async t => {
  const stack = await startStack(t)
  await untilReady(stack)
  const processes = processesOf(stack)
  t.is(processes.length, 5)
  // As a terminal does it: to the whole foreground process group.
  process.kill(-stack.identity.pid, 'SIGINT')
  process.kill(-stack.identity.pid, 'SIGINT')
  await until('the end of npm start', () => stack.ending() !== undefined, 10_000)
  t.is(await stack.ended, 'exit status 0', stack.output())
  t.deepEqual(processes.filter(isRunning), [])
  t.regex(readFileSync(join(stack.folder, 'cluster', 'server.log'), 'utf8'), /database system is shut down/)
})

test.serial('Ctrl-C in the middle of the start ends what was started, with status 0', async t => {
  const stack = await startStack(t)
  await stack.untilPrinted(/^PostgreSQL/m, readyTimeoutMs)
  const processes = processesOf(stack)
  process.kill(-stack.identity.pid, 'SIGINT')
  await until('the end of npm start', () => stack.ending() !== undefined, 10_000)
  t.is(await stack.ended, 'exit status 0', stack.output())
  t.true(processes.length > 0)
  t.deepEqual(processes.filter(isRunning), [])
})

test.serial('after SIGKILL of npm start itself the next one works on the same data', async t => {
  const stack = await startStack(t)
  await untilReady(stack)
  const before = processesOf(stack)
  stack.signal('SIGKILL')
  await stack.ended
  const killedAt = new Date().toISOString()
  const next = await startStack(t, [], stack.folder)
  await untilReady(next)
  t.deepEqual(before.filter(isRunning), [])
  const url = `${printedUrl(next)}&end_time=${killedAt}`
  const rows = (await (await fetch(url)).json()) as Row[]
  t.true(rows.length > 0, 'values stored before the kill are there')
})

test.serial('a server that is killed is named, its log shown, everything else stopped, status 1', async t => {
  const stack = await startStack(t)
  await untilReady(stack)
  const processes = processesOf(stack)
  const collector = processes.find(({ pid }) => commandLine(pid).some(word => word.endsWith('kwollector.ts')))
  t.truthy(collector)
  process.kill(collector?.pid ?? 0, 'SIGKILL')
  t.is(await stack.ended, 'exit status 1')
  t.regex(stack.output(), /kwollector ended unexpectedly \(signal SIGKILL\); the end of .*kwollector\.log:/)
  t.deepEqual(processes.filter(isRunning), [])
})

async function startStack(
  scope: Scope,
  args: readonly string[] = [],
  folder = join(temporaryFolder(scope, 0o711), 'state'),
): Promise<Stack> {
  const port = args.includes('--api_port') ? [] : ['--api_port', String(await freePort())]
  const script = join(import.meta.dirname, '..', '..', 'scripts', 'start.ts')
  const command = [script, '--state_dir', folder, ...port, ...args]
  const started = await startProcess(scope, process.execPath, command, { name: 'npm start', stopMs: 12_000 })
  return { ...started, folder }
}

function untilReady(stack: Stack): Promise<void> {
  return stack.untilPrinted(/^ready after/m, readyTimeoutMs)
}

function printedUrl(stack: Stack): string {
  return /^ {2}curl '(.*)'$/m.exec(stack.output())?.[1] ?? ''
}

async function tryPrinted(stack: Stack): Promise<Row[]> {
  const line = /^ {2}(curl '.*')$/m.exec(stack.output())?.[1] ?? ''
  const { stdout, stderr } = await run('sh', ['-c', line])
  try {
    return JSON.parse(stdout) as Row[]
  } catch {
    throw new Error(`"${line}" answered: ${stdout}${stderr}`)
  }
}

/** What npm start has recorded, and PostgreSQL by its own file. */
function processesOf(stack: Stack): ProcessIdentity[] {
  const record = JSON.parse(readFileSync(join(stack.folder, 'run.json'), 'utf8')) as {
    children: ProcessIdentity[]
  }
  return record.children
}
