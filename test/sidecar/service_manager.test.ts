import { join } from 'node:path'
import ava from 'ava'
import { until } from '../../scripts/stack/until.ts'
import { openLog } from '../../sidecar/log.ts'
import { findServiceManager } from '../../sidecar/service_manager.ts'
import { testDatabase } from '../harness/database.ts'
import { temporaryFolder } from '../harness/folders.ts'
import { testWhere } from '../harness/server.ts'
import { startExporter } from '../peers/exporter.ts'
import { notifySocketMissing, startNotifySocket } from '../peers/notify_socket.ts'
import { configure, startKwollector, stopKwollector } from './kwollector_program.ts'
import { configureWattmetre, lineAt, startWattmetre } from './wattmetre_program.ts'

const test = testWhere(ava, notifySocketMissing)

test('systemd hears from kwollector that it polls, that it lives, and that it stops', async t => {
  const [database, manager] = await Promise.all([testDatabase(t), startNotifySocket(t)])
  const exporter = await startExporter(t, (_request, response) => void response.end('watts 7\n'))
  const configuration = configure(t, database)
  configuration.describe('node-1.yml', [
    { name: 'exporter', device_id: 'node-1', url: `prometheus://${exporter.host}:${exporter.port}/` },
  ])
  const program = await startKwollector(t, configuration, {
    NOTIFY_SOCKET: manager.path,
    WATCHDOG_USEC: '400000',
  })
  await until('three signs of life', () => manager.count('WATCHDOG=1') >= 3)
  await stopKwollector(t, program, database)

  const messages = manager.messages()
  const status = 'STATUS=1 metrics are collected, 0 on demand'
  t.deepEqual(
    messages.filter(([first]) => first !== 'WATCHDOG=1'),
    [['READY=1', status], ['STOPPING=1']],
  )
  const ready = messages.findIndex(([first]) => first === 'READY=1')
  for (const message of messages.slice(ready).filter(([first]) => first === 'WATCHDOG=1'))
    t.deepEqual(message, ['WATCHDOG=1', status])
})

test('at the end of its input the wattmetre goes on until all is stored, asked to stop it hurries', async t => {
  const [database, manager] = await Promise.all([testDatabase(t), startNotifySocket(t)])
  const environment = { NOTIFY_SOCKET: manager.path }
  const read = startWattmetre(t, configureWattmetre(t, database).file, environment)
  await until('it is ready', () => manager.count('READY=1') === 1)
  read.end(lineAt(Date.now() / 1000, 180))
  t.is(await read.ended, 'exit status 0', read.output())
  t.is(manager.count('STOPPING=1'), 0)

  const stopped = startWattmetre(t, configureWattmetre(t, database).file, environment)
  await until('it is ready', () => manager.count('READY=1') === 2)
  stopped.signal('SIGTERM')
  t.is(await stopped.ended, 'exit status 0', stopped.output())
  t.is(manager.count('STOPPING=1'), 1)
  t.is(manager.count('STATUS=reads the lines of w1'), 2)
})

test('no program that is started can speak for this one, and the watchdog of another process is left alone', async t => {
  const manager = await startNotifySocket(t)
  const environment = {
    PATH: process.env.PATH,
    NOTIFY_SOCKET: manager.path,
    WATCHDOG_USEC: '1000',
    WATCHDOG_PID: '1',
  }
  const lines: string[] = []
  const serviceManager = findServiceManager(
    environment,
    openLog('debug', line => lines.push(line)),
  )
  t.deepEqual(environment, { PATH: process.env.PATH })
  serviceManager.ready(() => 'a')
  serviceManager.stopping()
  await until('both messages', () => manager.count('STOPPING=1') === 1)
  t.deepEqual(manager.messages(), [['READY=1', 'STATUS=a'], ['STOPPING=1']])
  // Not later: the manager may go before systemd-notify knows that it was heard.
  t.deepEqual(lines, [])
})

ava('a service manager that cannot be told is one warning, and the program goes on', async t => {
  const lines: string[] = []
  const environment = { PATH: process.env.PATH, NOTIFY_SOCKET: join(temporaryFolder(t), 'nobody') }
  const log = openLog('debug', line => lines.push(line))
  const serviceManager = findServiceManager(environment, log)
  serviceManager.ready(() => 'a')
  serviceManager.stopping()
  await until('a warning', () => lines.length > 0)
  t.regex(
    lines.join(''),
    /^\S+ warning the service manager cannot be told what this program does: \S[^\n]*\n$/,
  )
})
