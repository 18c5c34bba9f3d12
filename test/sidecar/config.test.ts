import { readFile } from 'node:fs/promises'
import test from 'ava'
import { readOptions } from '../../sidecar/config.ts'
import { command, errorsOf, file, strict, valuesOf } from './config_example.ts'

test('without anything given, every option has its default', async t => {
  t.deepEqual(await valuesOf([]), {
    db_host: undefined,
    db_port: 5432,
    db_password: undefined,
    spool_dir: '/var/lib/kwollect/',
    log_level: 'info',
    check: false,
  })
})

test('values have the types that the definitions say', async t => {
  const values = await valuesOf(['--check'])
  // These lines are a test for tsc.
  const port: number = values.db_port
  const level: 'debug' | 'info' = values.log_level
  const host: string | undefined = values.db_host
  const check: boolean = values.check
  t.deepEqual([port, level, host, check], [5432, 'info', undefined, true])
})

test('the command line comes before the environment, the environment before the file', async t => {
  const path = await file(t, 'db_host: from-file\ndb_port: 1\nspool_dir: from-file\n')
  const environment = { KWOLLECT_DB_HOST: 'from-environment', KWOLLECT_DB_PORT: '2' }
  t.like(await valuesOf([path, '--db_port', '3'], environment), {
    db_host: 'from-environment',
    db_port: 3,
    spool_dir: 'from-file',
    log_level: 'info',
  })
})

test('an option is written with a blank or =, with underscores or hyphens', async t => {
  for (const argv of [['--db_host', 'a'], ['--db_host=a'], ['--db-host', 'a'], ['--db-host=a']]) {
    t.is((await valuesOf(argv)).db_host, 'a', argv.join(' '))
  }
  t.is((await valuesOf(['--db_host=a=b'])).db_host, 'a=b')
  t.is((await valuesOf(['--db_host', '-a'])).db_host, '-a')
  t.is((await valuesOf(['--db_host', 'a', '--db_host', 'b'])).db_host, 'b', 'the last one counts')
})

test('the file is the positional argument, wherever it stands', async t => {
  const path = await file(t, 'db_host: a')
  for (const argv of [
    [path, '--check'],
    ['--check', path],
    ['--check', '--', path],
  ]) {
    const invocation = await readOptions(command, argv, {})
    t.like(invocation, { kind: 'run', file: path, values: { db_host: 'a', check: true } })
  }
})

test('a flag in the file or the environment is one of the usual words', async t => {
  for (const word of ['true', 'Yes', 'on', '1']) {
    t.true((await valuesOf([], { KWOLLECT_CHECK: word })).check)
    t.true((await valuesOf([await file(t, `check: ${word}`)])).check)
    t.true((await valuesOf([`--check=${word}`])).check)
  }
  for (const word of ['false', 'no', 'OFF', '0'])
    t.false((await valuesOf([], { KWOLLECT_CHECK: word })).check)
})

test('empty variables and empty values in the file count as absent', async t => {
  const path = await file(t, "db_host: ''\ndb_port:\nspool_dir: ~\n")
  t.like(await valuesOf([path], { KWOLLECT_LOG_LEVEL: '' }), {
    db_host: undefined,
    db_port: 5432,
    spool_dir: '/var/lib/kwollect/',
    log_level: 'info',
  })
})

test('variables of other commands and other case are ignored', async t => {
  t.deepEqual(
    await valuesOf([], { KWOLLECT_COLOUR: 'x', kwollect_db_host: 'x', DB_HOST: 'x' }),
    await valuesOf([]),
  )
})

test('every mistake on the command line is reported at once, with a guess', async t => {
  t.deepEqual(await errorsOf(['--db_hots', 'x', '--db_port=70000', '--log_level=loud', '-v', '--db_host']), [
    'unknown option --db_hots; did you mean --db_host?',
    'an argument begins with one hyphen; options are words with two, see --help',
    '--db_host needs a value (--db_host=VALUE if it begins with two hyphens)',
    '--db_port must be a whole number from 1 to 65535, got 70000',
    '--log_level must be one of debug, info, got loud',
  ])
})

test('every mistake in the file is reported at once, with its line and column', async t => {
  const path = await file(
    t,
    'db_hots: x\ndb_port: 5e3\ndb_password: [a]\n  \nlog_level: {a: b}\ncheck: perhaps\ncolour: red\ndb_port: 4\n',
  )
  const errors = await errorsOf([path])
  t.deepEqual(errors.toSorted(), [
    'kw.yaml:1:1: unknown key db_hots; did you mean db_host?',
    'kw.yaml:2:1: db_port must be a whole number from 1 to 65535, got 5e3',
    'kw.yaml:3:1: db_password must be text, got a list',
    'kw.yaml:5:1: log_level must be one of debug, info, got a mapping',
    'kw.yaml:6:1: check must be true or false, got perhaps',
    'kw.yaml:7:1: unknown key colour',
    'kw.yaml:8:1: the key db_port stands twice in one mapping (first in line 2)',
  ])
})

test('mistakes of all three levels come together, also where another level wins', async t => {
  const path = await file(t, 'db_port: many')
  t.deepEqual(await errorsOf([path, '--db_port=1', '--colour=red'], { KWOLLECT_DB_PORT: '0' }), [
    'unknown option --colour',
    'KWOLLECT_DB_PORT must be a whole number from 1 to 65535, got 0',
    'kw.yaml:1:1: db_port must be a whole number from 1 to 65535, got many',
  ])
})

for (const text of ['1.5', '010', '0x10', '1e3', '', ' 1', '+1', '99999999999999999999', 'NaN', '-5']) {
  test(`"${text}" is no port`, async t => {
    const errors = await errorsOf([`--db_port=${text}`])
    t.is(errors.length, 1)
    t.regex(errors[0] ?? '', /^--db_port (must be a whole number from 1 to 65535, got |needs a value)/)
  })
}

test('a file that is missing, no YAML or no mapping is one error', async t => {
  t.deepEqual(await errorsOf(['/nonexistent.yaml']), [
    'cannot read /nonexistent.yaml: there is no such file or directory',
  ])
  t.regex((await errorsOf([await file(t, 'a: b: c')])).join('\n'), /^kw\.yaml:1:4: YAML: [^\n]*$/)
  t.deepEqual(await errorsOf([await file(t, '- db_host: x')]), [
    'kw.yaml:1:1: the file must be a mapping of options (name: value)',
  ])
  t.deepEqual(await errorsOf(['a.yaml', 'b.yaml']), [
    'one file at most may be given, got 2; a value with blanks needs quotes',
  ])
})

test('an empty file says nothing and is no error', async t => {
  t.deepEqual(await valuesOf([await file(t, '# nothing yet\n')]), await valuesOf([]))
})

test('a required option that is missing is an error with the ways to give it', async t => {
  t.deepEqual(await errorsOf([], {}, strict), [
    'kwollect_password is required: give --kwollect_password_file (or kwollect_password), ' +
      'KWOLLECT_KWOLLECT_PASSWORD, or kwollect_password in the YAML file',
  ])
  t.deepEqual(await errorsOf([], { KWOLLECT_KWOLLECT_PASSWORD: 'x' }, strict), [])
})

test('a required option under a misspelt name, or in a broken file, is not reported a second time', async t => {
  t.deepEqual(await errorsOf(['--kwollect_pasword', 'x'], {}, strict), [
    'unknown option --kwollect_pasword; did you mean --kwollect_password?',
  ])
  t.is((await errorsOf([await file(t, 'kwollect_password: "x')], {}, strict)).length, 1)
})

test('--help lists every option with its default, and wins over mistakes', async t => {
  const invocation = await readOptions(strict, ['--colour', '--help'], {})
  const text = invocation.kind === 'print' ? invocation.text : ''
  const paragraphs = text.split('\n\n').map(paragraph => paragraph.replaceAll(/\n */g, ' '))
  t.regex(text, /^kwollector: polls the devices/)
  for (const name of Object.keys(strict.options)) {
    const paragraph = paragraphs.find(start => start.startsWith(`--${name} `)) ?? ''
    t.regex(paragraph, /\((default: [^()]+|required)\)$/, name)
  }
  t.true(paragraphs.includes('--spool_dir DIR where values wait (default: /var/lib/kwollect/)'))
  t.regex(text, /from 1 to 65535 \(default: 5432\)/)
  t.regex(text, /^--db_password_file FILE$/m)
  for (const line of text.split('\n')) t.true(line.length <= 80, line)
})

test('--version prints the version of the package', async t => {
  const { version } = JSON.parse(await readFile('package.json', 'utf8'))
  t.like(await readOptions(command, ['--version'], {}), { kind: 'print', text: `kwollector ${version}\n` })
})
