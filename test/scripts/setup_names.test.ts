import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import test from 'ava'
import postgres from 'postgres'
import { stopChild } from '../../scripts/stack/child.ts'
import { startPostgrest } from '../../scripts/stack/postgrest.ts'
import { privateCluster } from '../harness/cluster.ts'
import { emptyInstallation, runSetup } from '../harness/database.ts'
import { temporaryFolder } from '../harness/folders.ts'

/** Everything that SQL, a URL, YAML, the configuration of PostgREST or SASLprep might take for its own. */
const strange = [
  {
    what: 'quotes, blanks and letters of Latin-1',
    user: 'kw"user é',
    database: `kw "db' ü`,
    password: `p'a"s s`,
  },
  { what: 'what a URL escapes', user: 'a@b:c/d?e#f', database: 'x/y?z=1&%41#', password: '%41:@/?#&=+%' },
  {
    what: 'backslashes and dollars',
    user: '\\u\\\\',
    database: '$$d$(HOME)',
    password: '\\n\\"$1$(USER)$$\\',
  },
  { what: 'other scripts', user: 'ユーザー', database: '数据库😀', password: 'пароль😀ﬁ' },
  // libpq leaves out the soft hyphen, takes the wide blank for a space and composes the accent.
  {
    what: 'what SASLprep changes',
    user: 'prepared',
    database: 'prepared',
    password: 'a\u00adb\u3000c\u0301ｄ',
  },
  { what: 'capitals and a leading digit', user: '1User', database: 'KWDB', password: '@file' },
]

for (const { what, user, database, password } of strange) {
  test(`names and passwords with ${what} work from the set-up to a request over HTTP`, async t => {
    const cluster = await privateCluster(t)
    const installation = emptyInstallation(t, cluster.address)
    const names = { kwollect_user: user, kwollect_db_name: database, kwollect_password: password }
    const setup = await runSetup(t, installation, names)
    t.is(setup.status, 0, setup.stderr)
    const again = await runSetup(t, installation, { ...names, kwollect_password_ro: password })
    t.regex(again.stdout, / is up to date\.\n/)
    // An emoji is younger than SASLprep, and leaves the whole password as it is.
    const normal = /😀/.test(password)
      ? password
      : password.replace('\u00ad', '').replace('\u3000', ' ').normalize('NFKC')
    for (const login of [user, `${user}_ro`]) {
      // Not by a URL: postgres.js does not decode the name of a database in one.
      const sql = postgres({ ...cluster.address, user: login, password: normal, database, max: 1 })
      t.teardown(() => sql.end({ timeout: 5 }))
      const [row] = await sql`select current_user as login, current_database() as name`
      t.deepEqual(row, { login, name: database })
    }

    const { apiFolder } = installation.database
    const { child, url } = await startPostgrest({
      configurationFile: join(apiFolder, 'postgrest.conf'),
      logFile: join(temporaryFolder(t), 'log'),
    })
    t.teardown(() => stopChild(child))
    const inserted = await fetch(`${url}/rpc/insert_metrics`, {
      method: 'POST',
      headers: {
        'content-type': 'application/json',
        authorization: `Bearer ${readFileSync(join(apiFolder, 'token'), 'utf8').trim()}`,
      },
      body: JSON.stringify({ device_id: 'node-1', metric_id: 'm', value: 42 }),
    })
    t.is(inserted.status, 200, await inserted.clone().text())
    const answer = await fetch(`${url}/rpc/get_metrics?devices=node-1`)
    t.like(await answer.json(), [{ device_id: 'node-1', metric_id: 'm', value: 42 }])
  })
}
