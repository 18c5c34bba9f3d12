import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import test from 'ava'
import { referencePages } from '../../scripts/reference/pages.ts'
import { testDatabase } from '../harness/database.ts'
import { repository } from '../harness/processes.ts'
import { fileScope } from '../harness/scope.ts'
import { session } from '../sql/session.ts'

const file = fileScope(test)
let pages: ReadonlyMap<string, string>

test.before(async () => {
  const database = await testDatabase(file)
  pages = await referencePages(session(file, database.admin))
})

test('docs/reference says what the options and the comments of the database say', t => {
  for (const [name, text] of pages) {
    const committed = readFileSync(join(repository, 'docs', 'reference', name), 'utf8')
    t.is(committed, text, `docs/reference/${name} is stale: run \`npm run docs\` and commit it`)
  }
})

test('every option, view, column and function that users see is explained', t => {
  const lines = [...pages.values()].flatMap(text => text.split('\n'))
  const rows = lines.filter(line => line.startsWith('| `'))
  t.true(rows.length > 100)
  t.deepEqual(
    rows.filter(line => /\| \|$/.test(line)),
    [],
  )
  const bare = lines.filter((line, index) => line.startsWith('## ') && !/^[A-Z]/.test(lines[index + 2] ?? ''))
  t.deepEqual(bare, [])
})
