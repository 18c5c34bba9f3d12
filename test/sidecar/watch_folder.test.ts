import { mkdirSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import test, { type ExecutionContext } from 'ava'
import { until } from '../../scripts/stack/until.ts'
import type { Clock } from '../../sidecar/schedule.ts'
import { watchFolder } from '../../sidecar/watch_folder.ts'
import { temporaryFolder } from '../harness/folders.ts'

/** A watched folder, what was said, and a clock whose timers the test lets pass. */
function watched(t: ExecutionContext) {
  const parent = temporaryFolder(t)
  const folder = join(parent, 'metrics.d')
  mkdirSync(folder)
  const timers = new Set<() => void>()
  const clock: Clock = {
    now: () => Date.now(),
    after(_ms, callback) {
      timers.add(callback)
      return () => void timers.delete(callback)
    },
  }
  const said: string[] = []
  const say = (sentence: string) => void said.push(sentence)
  let changes = 0
  const log = { debug: say, info: say, warning: say, error: say }
  t.teardown(
    watchFolder(`${folder}/`, clock, log, () => {
      changes += 1
    }),
  )
  const settle = async () => {
    await until('a change of the folder', () => timers.size > 0)
    for (const callback of [...timers]) {
      timers.delete(callback)
      callback()
    }
  }
  return { parent, folder, said, settle, timers, changes: () => changes }
}

test('several writes in a row are one change', async t => {
  const { folder, settle, timers, changes } = watched(t)
  for (const name of ['a.yml', 'b.yaml', 'a.yml']) writeFileSync(join(folder, name), '')
  await settle()
  t.is(changes(), 1)
  t.true(timers.size <= 1, 'at most one timer waits')
})

test('a folder that was replaced by another is watched again', async t => {
  const { parent, folder, settle, changes, said } = watched(t)
  const next = join(parent, 'next')
  mkdirSync(next)
  writeFileSync(join(folder, 'a.yml'), '')
  renameSync(folder, join(parent, 'former'))
  renameSync(next, folder)
  await settle()
  t.is(changes(), 1)
  writeFileSync(join(folder, 'b.yml'), '')
  await settle()
  t.is(changes(), 2)
  t.deepEqual(said, [])
})

test('a file that is no description changes nothing', async t => {
  const { folder, timers, settle, changes } = watched(t)
  writeFileSync(join(folder, '.a.yml.swp'), '')
  writeFileSync(join(folder, 'a.yml'), '')
  await settle()
  t.is(changes(), 1)
  t.is(timers.size, 0)
})

test('a folder that has gone is said, once a try', async t => {
  const { folder, settle, said, changes } = watched(t)
  writeFileSync(join(folder, 'a.yml'), '')
  rmSync(folder, { recursive: true })
  await settle()
  t.is(changes(), 1, 'the reload says what is wrong with the folder itself')
  t.regex(said.join('\n'), /^changes of .* are not noticed \(ENOENT.*\); send SIGHUP after a change$/m)
})
