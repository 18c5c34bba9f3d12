import { chmodSync, copyFileSync, readFileSync, writeFileSync } from 'node:fs'
import { createServer, type Server } from 'node:net'
import { join } from 'node:path'
import test from 'ava'
import { freePort } from '../../scripts/stack/free_port.ts'
import { findProgram } from '../../scripts/stack/programs.ts'
import { until } from '../../scripts/stack/until.ts'
import { testDatabase } from '../harness/database.ts'
import { temporaryFolder } from '../harness/folders.ts'
import { startPostgrest } from '../harness/postgrest.ts'
import { repository, run } from '../harness/processes.ts'
import type { Scope } from '../harness/scope.ts'
import { testWhere, withConnection } from '../harness/server.ts'
import { session } from '../sql/session.ts'

const missing = ['curl', 'logger', 'timeout'].find(program => findProgram(program) === undefined)
const hookTest = testWhere(test, missing && `${missing} is not installed`)

interface Hook {
  readonly folder: string
  /** As OAR runs it. @returns its status, and the lines that went to syslog */
  call(...args: readonly string[]): Promise<{ status: number | null; logged: string[] }>
}

/** A hook as kwollect-setup-db-oar installs it. */
function installedHook(
  scope: Scope,
  files: { readonly token?: string; readonly url?: string },
  name: 'server_prologue' | 'server_epilogue' = 'server_prologue',
): Hook {
  const folder = temporaryFolder(scope, 0o755)
  const path = join(folder, name)
  copyFileSync(join(repository, 'scripts/hooks/oar_hook'), path)
  for (const [name, content] of Object.entries(files))
    writeFileSync(join(folder, name), `${content}\n`, { mode: 0o600 })
  // The real logger, which prints the line that it would send: not every machine that runs tests has a syslog.
  const bin = temporaryFolder(scope, 0o755)
  const log = join(bin, 'log')
  writeFileSync(log, '')
  writeFileSync(
    join(bin, 'logger'),
    `#!/bin/sh\nexec ${findProgram('logger')} --no-act --stderr --socket-errors=off "$@" 2>>${log}\n`,
  )
  chmodSync(join(bin, 'logger'), 0o755)
  return {
    folder,
    call: async (...args) => {
      // As OAR has it: little in the environment, and a proxy that is for others.
      const { status } = await run('/usr/bin/env', [
        '-i',
        `PATH=${bin}:/usr/bin:/bin`,
        'http_proxy=http://127.0.0.1:1',
        path,
        ...args,
      ])
      return { status, logged: readFileSync(log, 'utf8').split('\n').filter(Boolean) }
    },
  }
}

/** A server that accepts connections and does with them what the test says. */
async function listen(
  scope: Scope,
  onConnection: (data: string, end: (answer: string) => void) => void,
): Promise<string> {
  const server: Server = createServer(socket => {
    socket.on('error', () => {})
    socket.on('data', data => onConnection(String(data), answer => socket.end(answer)))
    scope.teardown(() => void socket.destroy())
  })
  const port = await freePort()
  await new Promise<void>(resolve => server.listen(port, '127.0.0.1', resolve))
  scope.teardown(() => void server.close())
  return `http://127.0.0.1:${port}`
}

hookTest('a hook promotes what the jobs ask for, and says nothing', async t => {
  const database = await testDatabase(t)
  await withConnection(database.admin, sql =>
    sql.unsafe(`create or replace view promoted_metrics_per_job as
      select 1 as job_id, 'node-1'::text as node, 'prom_.*'::text as metric_id`),
  )
  const api = await startPostgrest(t, database)
  const hook = installedHook(t, { token: api.token, url: `${api.url}/` })
  const { status, logged } = await hook.call('1')
  t.deepEqual([status, logged], [0, []])
  const rows = await withConnection(database.reader, sql => sql`select * from promoted_metrics`)
  t.deepEqual([...rows], [{ device_id: 'node-1', metric_id: 'prom_.*' }])
})

hookTest('an end that OAR commits only after the epilogue is noticed without any other call', async t => {
  const database = await testDatabase(t)
  const scheduler = session(t, database.admin)
  await scheduler.unsafe(`
    create table running as select 1 as job_id, 'node-1'::text as node, '.*'::text as metric_id;
    grant select on running to kwollect_owner;
    create or replace view promoted_metrics_per_job as select * from running`)
  const api = await startPostgrest(t, database)
  const hook = installedHook(t, { token: api.token, url: api.url }, 'server_epilogue')
  const promoted = () => withConnection(database.reader, sql => sql`select from promoted_metrics`)
  await scheduler`begin`
  await scheduler`delete from running`
  t.deepEqual(await hook.call('1'), { status: 0, logged: [] })
  t.is((await promoted()).length, 1, 'the job still runs for everybody else')
  await scheduler`commit`
  await until('the end of the promotion', async () => (await promoted()).length === 0)
})

hookTest(
  'whatever fails, a hook ends with 0 and one line of syslog that says why, without the token',
  async t => {
    const database = await testDatabase(t)
    const api = await startPostgrest(t, database)
    const token = `${api.token.slice(0, -4)}AAAA`
    const html = await listen(t, (_, end) => end('HTTP/1.0 200 OK\r\n\r\n<h1>\nelsewhere</h1>'))
    const broken = await listen(t, (_, end) => end('no HTTP'))
    for (const [files, words] of [
      [{ token, url: api.url }, /JWSError.*\(HTTP status 401\)$/],
      [{ token, url: `http://127.0.0.1:${await freePort()}` }, /curl: \(7\) Failed to connect/],
      [{ token, url: 'http://kwollect.invalid' }, /curl: \(6\) Could not resolve host: kwollect\.invalid/],
      [{ token, url: broken }, /curl: \(1\) /],
      [{ token, url: 'not a URL' }, /curl: \(3\) /],
      [{ url: html }, /token: No such file or directory$/],
      [{ token }, /url: No such file or directory$/],
    ] as const) {
      const hook = installedHook(t, files)
      const { status, logged } = await hook.call('1234', 'alice', '/var/lib/oar/nodes')
      t.is(status, 0)
      t.is(logged.length, 1)
      t.regex(logged[0] ?? '', words)
      t.regex(
        logged[0] ?? '',
        /kwollect: server_prologue of job 1234: optional metrics follow up to a minute later: /,
      )
      t.false(logged[0]?.includes(token))
    }
  },
)

hookTest('a server that never answers is given up, and the token is in no argument meanwhile', async t => {
  let request = ''
  const url = await listen(t, data => {
    request += data
  })
  const token = 'secret.token.of-this-test'
  const hook = installedHook(t, { token, url })
  const called = hook.call('1234')
  await until('the request', () => request.includes('\r\n\r\n'))
  t.regex(request, /^POST \/rpc\/update_promoted_metrics\?/)
  t.true(request.includes(`Authorization: Bearer ${token}\r\n`))
  const processes = await run('ps', ['-eo', 'args'])
  t.true(processes.stdout.includes('curl --config -'))
  t.false(processes.stdout.includes(token))
  const { status, logged } = await called
  t.is(status, 0)
  t.is(logged.length, 1)
  t.regex(logged[0] ?? '', /curl: \(28\)|no answer in 4 s$/)
})
