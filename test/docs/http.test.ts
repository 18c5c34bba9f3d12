import test from 'ava'
import { type TestDatabase, testDatabase } from '../harness/database.ts'
import { startPostgrest, type TestApi } from '../harness/postgrest.ts'
import { run } from '../harness/processes.ts'
import { fileScope } from '../harness/scope.ts'
import { withConnection } from '../harness/server.ts'
import { blocksOf } from './markdown.ts'

const file = fileScope(test)
let database: TestDatabase
let api: TestApi

test.before(async () => {
  database = await testDatabase(file)
  await withConnection(database.admin, async sql => {
    await sql`
      create or replace view nodetime_per_job as
      select 1234 as job_id
           , timestamptz '2020-01-06T13:35:00Z' as start_time
           , timestamptz '2020-01-06T13:36:00Z' as stop_time
           , node
        from unnest(array['node-1', 'node-2']) as node`
  })
  api = await startPostgrest(file, database)
})

/** A command of a block, `$ ` cut off, and what it is said to print. */
interface Step {
  readonly command: string
  readonly output: string
}

function stepsOf(text: string): readonly Step[] {
  return text
    .split(/^\$ /m)
    .slice(1)
    .map(step => {
      // The command goes on behind a backslash, and inside the quotes of a body.
      const [command = ''] = /^(?:'[^']*'|"[^"]*"|\\\n|[^\n'"\\])*/.exec(step) ?? []
      return { command, output: step.slice(command.length + 1) }
    })
}

test('the commands of docs/http.md answer what the page says, one after the other', async t => {
  const blocks = blocksOf(['docs/http.md'], 'console')
  t.true(blocks.length > 5)
  for (const { place, text } of blocks)
    for (const { command, output } of stepsOf(text)) {
      const local = command.replaceAll('http://kwollect.host:3000', api.url)
      const outcome = await run('bash', ['-c', local], { environment: { TOKEN: api.token } })
      t.is(outcome.stdout.replace(/\n?$/, '\n'), output, `${place}: ${command}`)
    }
})
