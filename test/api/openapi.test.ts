import test from 'ava'
import { testDatabase } from '../harness/database.ts'
import { startPostgrest, type TestApi } from '../harness/postgrest.ts'
import { fileScope } from '../harness/scope.ts'
import { session } from '../sql/session.ts'
import { request } from './client.ts'

const file = fileScope(test)
let api: TestApi
let functions: readonly Routine[]
let views: readonly string[]
let document: Document

interface Routine {
  readonly name: string
  readonly arguments: readonly string[]
}

interface Operation {
  readonly summary?: string
  readonly description?: string
}

interface Document {
  readonly swagger: string
  readonly paths: Readonly<Record<string, Readonly<Record<string, Operation>>>>
}

test.before(async () => {
  const database = await testDatabase(file)
  const sql = session(file, database.admin)
  // The catalog, not a list here: what is added to the API is held to the same.
  functions = await sql<Routine[]>`
    select proc.proname as name
         , coalesce((
             select array_agg(argument.name order by argument.position)
               from unnest(proc.proargnames, coalesce(proc.proargmodes, array_fill('i'::"char", array[coalesce(cardinality(proc.proargnames), 0)])))
                    with ordinality as argument (name, mode, position)
              where argument.mode in ('i', 'b', 'v') and argument.name <> ''
           ), '{}') as arguments
      from pg_proc as proc
     where proc.pronamespace = 'api'::regnamespace
       and proc.prorettype <> 'trigger'::regtype
       -- handlers of media types are no end points
       and not exists (select from pg_aggregate where aggfnoid = proc.oid)`
  const relations = await sql<{ name: string }[]>`
    select relname as name from pg_class
     where relnamespace = 'api'::regnamespace and relkind in ('v', 'm', 'r', 'p', 'f')`
  views = relations.map(({ name }) => name)
  api = await startPostgrest(file, database)
  document = (await request(api, '/', { token: api.token })).json as Document
})

test('the root is an OpenAPI document that has every function and view of the schema, and no other', t => {
  t.is(document.swagger, '2.0')
  t.deepEqual(
    Object.keys(document.paths)
      .filter(path => path !== '/')
      .toSorted(),
    [...functions.map(({ name }) => `/rpc/${name}`), ...views.map(name => `/${name}`)].toSorted(),
  )
  t.true(functions.length >= 4 && views.length >= 3)
})

test('every function and view has a summary of one sentence and a description', t => {
  for (const [path, operation] of operations()) {
    t.regex(operation.summary ?? '', /^[A-Z].{10,}[^ ]$/, path)
    t.true((operation.description ?? '').length > 30, path)
  }
})

test('every function has an example, every view one with its own path', t => {
  for (const [path, { description }] of operations()) {
    const example = path.includes('/rpc/') ? /Example: `.+`/ : new RegExp(`[Ff]or example ${path}\\?`)
    t.regex(description ?? '', example, path)
  }
})

test('every function names each of its arguments', t => {
  for (const routine of functions) {
    const description = document.paths[`/rpc/${routine.name}`]?.post?.description ?? ''
    for (const argument of routine.arguments)
      t.true(description.includes(`\`${argument}\``), `${routine.name}(${argument})`)
  }
})

test('the example of every function that reads works as it is written', async t => {
  let tried = 0
  for (const [path, { description }] of operations()) {
    const example = /Example: `(\/rpc\/.+)`/.exec(description ?? '')?.[1]
    if (example === undefined) continue
    tried += 1
    t.true(example.startsWith(path), path)
    const { status, text } = await request(api, example)
    t.is(status, 200, `${example}: ${text}`)
  }
  t.true(tried >= 2)
})

test("a view's example works as it is written", async t => {
  for (const name of views) {
    const description = document.paths[`/${name}`]?.get?.description ?? ''
    const example = /[Ff]or example (\/\S+?)[.;]?(?:\s|$)/.exec(description)?.[1]
    const { status, text } = await request(api, example ?? 'none')
    t.is(status, 200, `${example}: ${text}`)
  }
})

/** What is shown first of each path: GET of a view, POST of a function. */
function operations(): [path: string, Operation][] {
  return Object.entries(document.paths)
    .filter(([path]) => path !== '/')
    .map(([path, methods]) => [path, (path.startsWith('/rpc/') ? methods.post : methods.get) ?? {}])
}
