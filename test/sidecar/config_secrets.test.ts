import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fc, testProp } from '@fast-check/ava'
import test from 'ava'
import { errorsOf, file, valuesOf } from './config_example.ts'

test('a secret in YAML is its source text, never a number', async t => {
  for (const text of ['0123', '1e5', '0x1F', 'true', '12345678901234567890', '1_000']) {
    t.is((await valuesOf([await file(t, `db_password: ${text}`)])).db_password, text)
  }
  t.is((await valuesOf([await file(t, 'db_password: "a\\tb"')])).db_password, 'a\tb')
})

test('a secret may stand in a file of its own, named at any level, one newline cut', async t => {
  const secret = await file(t, ' s3cret \n\n', 'password')
  const expected = ' s3cret \n'
  t.is((await valuesOf([`--db_password_file=${secret}`])).db_password, expected)
  t.is((await valuesOf([], { KWOLLECT_DB_PASSWORD_FILE: secret })).db_password, expected)
  t.is((await valuesOf([await file(t, `db_password_file: ${secret}`)])).db_password, expected)
})

test('a level that comes first wins, whether it gives a secret or its file', async t => {
  const secret = await file(t, 'from-file', 'password')
  t.is(
    (await valuesOf(['--db_password_file', secret], { KWOLLECT_DB_PASSWORD: 'a' })).db_password,
    'from-file',
  )
  const overridden = { KWOLLECT_DB_PASSWORD_FILE: '/nonexistent' }
  t.is((await valuesOf(['--db_password', 'a'], overridden)).db_password, 'a')
})

test('a secret file that cannot be used is an error that names it', async t => {
  const empty = await file(t, '\n', 'empty')
  t.deepEqual(await errorsOf(['--db_password_file=/nonexistent']), [
    '--db_password_file: cannot read /nonexistent: there is no such file or directory',
  ])
  t.deepEqual(await errorsOf([], { KWOLLECT_DB_PASSWORD_FILE: '/' }), [
    'KWOLLECT_DB_PASSWORD_FILE: cannot read /: it is a directory',
  ])
  t.deepEqual(await errorsOf([`--db_password_file=${empty}`]), ['--db_password_file: empty is empty'])
})

test('a secret and its file at one level exclude each other', async t => {
  t.deepEqual(await errorsOf(['--db_password=x', '--db_password_file=y']), [
    '--db_password_file cannot be given together with db_password: give one of them',
  ])
  const path = await file(t, 'db_password: x\ndb_password_file: y')
  t.deepEqual(await errorsOf([path]), [
    'kw.yaml:2:1: db_password_file cannot be given together with db_password: give one of them',
  ])
})

// A password in every place where it may be given or end up by mistake; X stands for it.
const PLACES: readonly (readonly string[])[] = [
  ['--db_password', 'X', '--bad'],
  ['--db_password=X', '--db_password_file=/nonexistent'],
  ['--db_pasword', 'X'],
  ['--db_pasword=X'],
  ['--passwd', 'X'],
  ['--db_password', 'a', 'X', 'X'],
]
const FILES = [
  'db_password: [X]',
  'db_password: {a: X}',
  'db_pasword: X',
  'db_password: *X',
  'db_password: "X',
]
const secret = fc.stringMatching(/^Zq[A-Za-z0-9 :{}[\]*&!|>'"%@`#,?\\-]{0,10}qZ$/)

testProp(
  'no message shows a secret from the command line',
  [fc.constantFrom(...PLACES), secret],
  async (t, argv, value) => {
    const errors = await errorsOf(argv.map(argument => argument.replace('X', () => value)))
    t.notRegex(errors.join('\n'), /Zq|qZ/)
    t.not(errors.length, 0)
  },
)

testProp(
  'no message shows a secret from the file',
  [fc.constantFrom(...FILES), secret],
  async (t, content, value) => {
    const directory = await mkdtemp(join(tmpdir(), 'kwollect-config-'))
    try {
      const path = join(directory, 'kw.yaml')
      await writeFile(
        path,
        content.replace('X', () => value),
      )
      t.notRegex((await errorsOf([path, '--bad'])).join('\n'), /Zq|qZ/)
    } finally {
      await rm(directory, { recursive: true })
    }
  },
)
