import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import test from 'ava'
import { setupCommand } from '../../scripts/setup/options.ts'
import { type Command, type OptionDefinitions, readOptions } from '../../sidecar/config.ts'
import { kwollectorCommand } from '../../sidecar/kwollector_options.ts'
import { loadMapping } from '../../sidecar/wattmetre/mapping.ts'
import { wattmetreCommand } from '../../sidecar/wattmetre/options.ts'
import { testDatabase, uniqueName } from '../harness/database.ts'
import { temporaryFolder } from '../harness/folders.ts'
import { runScript } from '../harness/processes.ts'
import { session } from '../sql/session.ts'
import { type Block, blocksOf, pageNames } from './markdown.ts'

const pages = pageNames().filter(name => name.startsWith('docs/') || name === 'README.md')
const yaml = blocksOf(pages, 'yaml')
const descriptions = yaml.filter(({ text }) => /^ +url:/m.test(text))
const mappings = yaml.filter(({ text }) => /^\S+: \[\S+-port\d+/.test(text))

test('the descriptions in docs/ are good for kwollector --check', async t => {
  const folder = temporaryFolder(t)
  for (const { place, text } of descriptions)
    writeFileSync(join(folder, `${place.replaceAll(/[/:]/g, '-')}.yaml`), text)
  const { status, stdout, stderr } = await runScript('bin/kwollector.ts', [
    '--check',
    '--metrics_dir',
    folder,
  ])
  t.is(stderr, '')
  t.is(status, 0, stdout)
  t.true(descriptions.length > 7 && Number.parseInt(stdout, 10) > 14, stdout)
})

test('the mapping of a wattmetre in docs/ is good', async t => {
  t.true(mappings.length > 0)
  for (const block of mappings) {
    const path = join(temporaryFolder(t), 'mapping.yaml')
    writeFileSync(path, block.text)
    t.deepEqual((await loadMapping(path, 'wattmetre1')).errors, [], block.place)
  }
})

test('the configurations in docs/ are good for the commands that they are for', async t => {
  const secret = join(temporaryFolder(t), 'password')
  writeFileSync(secret, 'secret\n')
  const configurations = yaml.filter(block => !descriptions.includes(block) && !mappings.includes(block))
  t.true(configurations.length > 2)
  for (const block of configurations) {
    const path = join(temporaryFolder(t), 'options.yaml')
    writeFileSync(path, block.text.replaceAll(/(?<=_file: +)\S+/g, secret))
    await t.notThrowsAsync(readOptions(commandOf(block), [path], {}), block.place)
  }
})

function commandOf({ text }: Block): Command<OptionDefinitions> {
  if (/^kwollect_password_file:/m.test(text)) return setupCommand
  return /^wattmetre_id:/m.test(text) ? wattmetreCommand : kwollectorCommand
}

test('every query in docs/ works for the role that it is for', async t => {
  const database = await testDatabase(t)
  const sql = session(t, database.admin)
  await sql`insert into metrics (device_id, metric_id, value) values ('node-1', 'bmc_power_watt', 180)`
  await sql`
    create table my_jobs (
      id bigint, state text, started timestamptz, ended timestamptz, host text, wanted_metrics text
    )`
  const roles = { kwuser: database.user, 'the administrator': database.server.user }
  const blocks = blocksOf(pages, 'sql')
  t.true(blocks.length > 15)
  for (const { place, text } of blocks) {
    const [, named] = /^-- as (kwuser|the administrator)\b/.exec(text) ?? []
    const role = named === undefined ? database.userRo : roles[named as keyof typeof roles]
    // Names that belong to the whole server, of which the tests may have only their own.
    const statements = text.replaceAll('kwdb', database.name).replaceAll('alice', uniqueName('alice'))
    const tried = sql.begin(async transaction => {
      await transaction`select set_config('role', ${role}, true)`
      await transaction.unsafe(statements)
      throw new RolledBack()
    })
    await t.throwsAsync(tried, { instanceOf: RolledBack }, place)
  }
})

/** Ends the transaction of a block that worked: the next one finds the database as it was. */
class RolledBack extends Error {
  override name = 'RolledBack'
}
