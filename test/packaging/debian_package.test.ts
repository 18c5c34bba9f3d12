import { copyFileSync, readdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import ava, { type ExecutionContext } from 'ava'
import { freePort } from '../../scripts/stack/free_port.ts'
import { findProgram, findServerPrograms } from '../../scripts/stack/programs.ts'
import { until } from '../../scripts/stack/until.ts'
import { temporaryFolder } from '../harness/folders.ts'
import { repository, run } from '../harness/processes.ts'
import { fileScope } from '../harness/scope.ts'
import { testWhere } from '../harness/server.ts'
import { ipmiMissing, startBmc } from '../peers/ipmi_sim.ts'
import { nodeExporterMissing, startNodeExporter } from '../peers/node_exporter.ts'
import { type Machine, machineMissing, startMachine } from './machine.ts'

// One machine, on which an administrator does one thing after the other.
const missing =
  machineMissing ??
  ipmiMissing ??
  nodeExporterMissing ??
  (findProgram('pg_createcluster') ? undefined : 'the clusters of this machine are not managed by Debian')
const test = testWhere(ava.serial, missing)
const file = fileScope(ava)

let machine: Machine
let ports: { readonly database: number; readonly api: number }

ava.before('build the package and boot a machine', async t => {
  if (missing !== undefined) return
  t.timeout(180_000)
  const folder = temporaryFolder(file)
  const built = await run(join(repository, 'packaging', 'build-deb'), ['--quick', folder], {
    environment: { TMPDIR: temporaryFolder(file) },
    timeoutMs: 170_000,
  })
  t.is(built.status, 0, built.stdout + built.stderr)
  machine = await startMachine(file)
  ports = { database: await freePort(), api: await freePort() }
  for (const name of readdirSync(folder))
    copyFileSync(join(folder, name), join(machine.root, 'tmp', 'kwollect.deb'))
})

/** Runs a script that must end well there. @returns what it printed */
async function succeed(t: ExecutionContext, script: string): Promise<string> {
  const { status, stdout, stderr } = await machine.run(script)
  t.is(status, 0, `${script}\n${stdout}${stderr}`)
  return stdout
}

/** @returns properties of a unit, in the order asked */
async function unit(name: string, ...properties: readonly string[]): Promise<readonly string[]> {
  const { stdout } = await machine.run(
    `systemctl show ${name} ${properties.map(property => `-p ${property}`).join(' ')}`,
  )
  const values = new Map(stdout.split('\n').map(line => line.split(/=(.*)/s) as [string, string]))
  return properties.map(property => values.get(property) ?? '')
}

test('it installs without a network, and starts nothing', async t => {
  await succeed(t, 'unshare --net dpkg --install /tmp/kwollect.deb')
  t.is(await succeed(t, 'dpkg --audit'), '')
  t.is(await succeed(t, 'dpkg --verify kwollect'), '')
  t.is(
    await succeed(t, 'cd / && for name in /usr/bin/kwollect*; do $name --version; done | grep . '),
    ['kwollect-setup-db', 'kwollect-setup-db-oar', 'kwollector', 'kwollector-wattmetre']
      .map(name => `${name} 2.0.0\n`)
      .join(''),
  )
  t.is(await succeed(t, 'stat --format "%a %U %G" /etc/kwollect/metrics.d'), '2750 root kwollect\n')
  for (const name of ['kwollector', 'postgrest', 'kwollector-wattmetre@w1'])
    t.deepEqual(await unit(name, 'LoadState', 'ActiveState', 'UnitFileState'), [
      'loaded',
      'inactive',
      'disabled',
    ])
})

test('systemd finds no mistake in its units, and exposes them little', async t => {
  const units = 'kwollector.service kwollector-wattmetre@w1.service postgrest.service'
  // What it merely warns of, an unknown setting for one, is no failure of the command.
  t.is(await succeed(t, `systemd-analyze verify --man=no ${units} 2>&1`), '')
  for (const name of units.split(' ')) {
    const stdout = await succeed(
      t,
      `systemd-analyze security --offline=true --threshold=40 ${name} | tail -n 1`,
    )
    t.regex(stdout, /Overall exposure level for .*: [0-3]\.\d OK/)
    t.log(stdout.trim())
  }
})

const testLintian = testWhere(
  ava.serial,
  missing ?? (findProgram('lintian') ? undefined : 'lintian is not installed (apt-get install lintian)'),
)
testLintian('lintian finds nothing that the package does not explain', async t => {
  t.is(await succeed(t, 'lintian --allow-root --fail-on warning /tmp/kwollect.deb'), '')
})

test('a start before there is a database says what is missing', async t => {
  const { status, stderr } = await machine.run('systemctl enable --now kwollector')
  t.not(status, 0)
  t.regex(stderr, /Assertion failed on job for kwollector\.service/)
  const { stdout } = await machine.run('systemctl status kwollector || true')
  t.regex(stdout, /AssertPathExists=\/etc\/kwollect\/credentials\/db_password was not met/)
})

test('with a database, devices are polled and read over HTTP, all by the README', async t => {
  t.timeout(120_000)
  const [exporter, bmc] = await Promise.all([
    startNodeExporter(file, { collectors: ['loadavg'] }),
    startBmc(file),
  ])
  const { version } = findServerPrograms()
  await succeed(
    t,
    `pg_createcluster --port ${ports.database} ${version} kwollect -- --auth-local=peer --auth-host=scram-sha-256
     echo "shared_preload_libraries = 'timescaledb'" >> /etc/postgresql/${version}/kwollect/postgresql.conf
     systemctl start postgresql@${version}-kwollect`,
  )
  await succeed(
    t,
    `install -d -o postgres -m 0700 /etc/kwollect/credentials
     cd / && runuser -u postgres -- sh -c 'umask 077; head -c 24 /dev/urandom | base64 > /etc/kwollect/credentials/db_password'
     runuser -u postgres -- kwollect-setup-db --db_port ${ports.database} \\
       --kwollect_password_file /etc/kwollect/credentials/db_password --output_dir /etc/kwollect/credentials`,
  )
  writeFileSync(
    join(machine.root, 'etc/kwollect/kwollector.yaml'),
    `db_port: ${ports.database}\nlog_level: info\n`,
  )
  const descriptions = [
    {
      name: 'exporter',
      device_id: 'node-1',
      url: `prometheus://${exporter.host}:${exporter.port}/node_load1`,
      update_every: 500,
    },
    { name: 'inlet', device_id: 'node-1', url: bmc.url(1), update_every: 500 },
  ]
  writeFileSync(join(machine.root, 'etc/kwollect/metrics.d/node-1.yml'), JSON.stringify(descriptions))
  await succeed(
    t,
    `mkdir /etc/systemd/system/postgrest.service.d
     printf '[Service]\\nEnvironment=PGRST_SERVER_PORT=${ports.api} PGRST_SERVER_HOST=127.0.0.1\\n' > /etc/systemd/system/postgrest.service.d/port.conf
     systemctl daemon-reload`,
  )
  await succeed(t, 'systemctl enable --now postgrest kwollector')
  t.deepEqual(await unit('kwollector', 'ActiveState', 'StatusText'), [
    'active',
    '2 metrics are collected, 0 on demand',
  ])
  await until('values of both', async () => (await metricsOf('node-1')).size === 2, 30_000).catch(
    async error => {
      throw new Error(
        `${error}\n${(await machine.run('journalctl --no-pager -u kwollector -u postgrest')).stdout}`,
      )
    },
  )
  t.deepEqual([...(await metricsOf('node-1'))].sort(), ['inlet', 'prom_node_load1'])
})

async function metricsOf(device: string): Promise<ReadonlySet<string>> {
  const answer = await fetch(`http://127.0.0.1:${ports.api}/rpc/get_metrics?devices=${device}`).catch(
    () => undefined,
  )
  if (!answer?.ok) return new Set()
  return new Set(((await answer.json()) as { metric_id: string }[]).map(({ metric_id }) => metric_id))
}

test('a collector that hangs is noticed and started again', async t => {
  t.timeout(60_000)
  await succeed(
    t,
    `mkdir /etc/systemd/system/kwollector.service.d
     printf '[Service]\\nWatchdogSec=2\\nRestartSec=100ms\\n' > /etc/systemd/system/kwollector.service.d/watchdog.conf
     systemctl daemon-reload && systemctl restart kwollector`,
  )
  const [first] = await unit('kwollector', 'MainPID')
  await succeed(t, `kill -STOP ${first}`)
  await until('another start', async () => (await unit('kwollector', 'NRestarts'))[0] === '1', 30_000)
  await until('its readiness', async () => (await unit('kwollector', 'ActiveState'))[0] === 'active', 20_000)
  t.not((await unit('kwollector', 'MainPID'))[0], first)
  t.regex(await succeed(t, 'journalctl --no-pager -u kwollector'), /Watchdog timeout/)
})

test('bad configuration is said once and not tried again', async t => {
  await succeed(t, `sed -i 's/log_level: info/log_level: loud/' /etc/kwollect/kwollector.yaml`)
  const { status } = await machine.run('systemctl restart kwollector')
  t.not(status, 0)
  t.deepEqual(await unit('kwollector', 'ActiveState', 'ExecMainStatus', 'NRestarts'), ['failed', '2', '0'])
  t.regex(
    await succeed(t, 'journalctl --no-pager -u kwollector'),
    /kwollector\.yaml:2:\d+: log_level must be/,
  )
  await succeed(t, `sed -i 's/log_level: loud/log_level: info/' /etc/kwollect/kwollector.yaml`)
  await succeed(t, 'systemctl restart kwollector')
})

test('a wattmetre is read by the program that its file names', async t => {
  t.timeout(60_000)
  await succeed(
    t,
    `mkdir /etc/kwollect/wattmetre
     printf 'wattmetre_id: w1\\ndb_port: ${ports.database}\\n' > /etc/kwollect/wattmetre/w1.yaml
     cat > /usr/local/bin/wattmetre-read <<'END'
#!/bin/sh
while printf '1,1,%s,OK,%s\\n' "$(date +%s.%N)" "$2"; do sleep 0.1; done
END
     chmod 755 /usr/local/bin/wattmetre-read
     echo 'WATTMETRE_READ=/usr/local/bin/wattmetre-read /dev/ttyUSB0 182' > /etc/kwollect/wattmetre/w1.env
     systemctl start kwollector-wattmetre@w1`,
  )
  await until('values of its port', async () => (await metricsOf('w1-port0')).size === 1, 30_000).catch(
    async error => {
      throw new Error(
        `${error}\n${(await machine.run('journalctl --no-pager -u kwollector-wattmetre@w1')).stdout}`,
      )
    },
  )
  await succeed(t, 'systemctl stop kwollector-wattmetre@w1')
  t.deepEqual(await unit('kwollector-wattmetre@w1', 'ActiveState', 'Result', 'ExecMainStatus'), [
    'inactive',
    'success',
    '0',
  ])
})

test('an upgrade goes on with what runs, removal keeps the spool, and a purge what the administrator made', async t => {
  t.timeout(60_000)
  const [before] = await unit('kwollector', 'MainPID')
  await succeed(t, 'dpkg --install /tmp/kwollect.deb')
  const [state, after] = await unit('kwollector', 'ActiveState', 'MainPID')
  t.is(state, 'active', await succeed(t, 'journalctl --no-pager -n 30 -u kwollector'))
  t.not(after, before)
  await succeed(t, 'dpkg --remove kwollect')
  t.is(await succeed(t, 'pgrep --exact --count "node|postgrest" || true'), '0\n')
  await succeed(t, 'test -f /var/lib/kwollect/spool.sqlite')
  await succeed(t, 'dpkg --purge kwollect')
  await succeed(
    t,
    'test ! -e /var/lib/kwollect -a ! -e /etc/kwollect/kwollector.yaml -a ! -e /usr/lib/kwollect',
  )
  await succeed(t, 'test -s /etc/kwollect/credentials/db_password -a -s /etc/kwollect/metrics.d/node-1.yml')
  t.is(await succeed(t, `find /etc/systemd/system -xtype l -lname '*kwollect*'`), '')
})
