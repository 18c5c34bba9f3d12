import { spawn } from 'node:child_process'
import { randomInt } from 'node:crypto'
import { once } from 'node:events'
import { closeSync, readdirSync, readFileSync, readlinkSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { text } from 'node:stream/consumers'
import ava from 'ava'
import fc from 'fast-check'
import { findProgram } from '../../scripts/stack/programs.ts'
import { until } from '../../scripts/stack/until.ts'
import type { IpmiAccess } from '../../sidecar/ipmi_url.ts'
import { accessLines, openAccessFile } from '../../sidecar/protocols/ipmi_access_file.ts'
import { HostUnreachable } from '../../sidecar/protocols/protocol.ts'
import { testWhere } from '../harness/server.ts'
import { ipmiMissing, startBmc } from '../peers/ipmi_sim.ts'
import { childrenRunning, newDispatcher, openHost } from './ipmi_host.ts'

const test = testWhere(ava.serial, ipmiMissing)

const access: IpmiAccess = {
  user: 'root',
  password: 'calvin',
  driver: 'LAN_2_0',
  privilege: undefined,
  cipher: undefined,
  workarounds: undefined,
}

const filesWithNames = () => readdirSync(tmpdir()).filter(name => name.startsWith('kwollector-ipmi-'))

ava('credentials are quoted, and the url goes before the site', t => {
  const site = new Map([
    ['privilege-level', 'OPERATOR'],
    ['workaround-flags', 'authcap'],
  ])
  const lines = accessLines(
    { ...access, password: 'a"b\\c#d', workarounds: ['opensesspriv', 'idzero'] },
    site,
  )
  t.deepEqual(lines.split('\n'), [
    'privilege-level OPERATOR',
    'workaround-flags opensesspriv idzero',
    'driver-type LAN_2_0',
    'username "root"',
    'password "a\\"b\\\\c\\#d"',
    '',
  ])
  t.is(
    accessLines({ ...access, user: '', password: '' }, new Map()),
    'privilege-level USER\ndriver-type LAN_2_0\n',
  )
})

test('the password is in no command line, environment or file with a name while a poll runs', async t => {
  const password = `pw${randomInt(1e12)}`
  const bmc = await startBmc(t, { password })
  bmc.signal('SIGSTOP')
  const stopping = new AbortController()
  const poll = openHost(newDispatcher(t), { ...bmc, password }).read([1], 60_000, stopping.signal)
  const child = await until('ipmi-sensors', () => childrenRunning('ipmi-sensors')[0])
  // It has read its settings once it asks the BMC, which it does with a socket.
  await until('its socket', () => descriptorsOf(child.pid).some(target => target.startsWith('socket:')))
  const file = statSync(`/proc/${child.pid}/fd/3`)
  t.is(file.mode & 0o777, 0o600)
  t.is(file.nlink, 0)
  t.true(readFileSync(`/proc/${child.pid}/fd/3`, 'utf8').includes(password))
  t.deepEqual(filesWithNames(), [])
  t.deepEqual(placesThatShow(password), [])
  stopping.abort()
  const error = await t.throwsAsync(poll, { instanceOf: HostUnreachable })
  t.false(error?.message.includes(password))
})

test('ipmi-sensors takes each user as it was written', async t => {
  const bmc = await startBmc(t)
  const seed = randomInt(2 ** 31)
  t.log(`seed ${seed}`)
  const character = fc.constantFrom(...`"\\#' \t$=;,%é*[]{}~ab01`)
  // --debug shows eight bytes a line.
  const user = fc
    .string({ unit: character, minLength: 1, maxLength: 8 })
    .filter(text => Buffer.byteLength(text) <= 8)
  for (const text of fc.sample(user, { seed, numRuns: 8 })) t.is(await userSent(text, bmc), text)
})

/** What ipmi-sensors sends as the user (RAKP message 1), from the bytes that --debug shows. */
async function userSent(user: string, { host, port }: { host: string; port: number }): Promise<string> {
  const program = findProgram('ipmi-sensors') ?? ''
  const file = openAccessFile({ ...access, user, workarounds: ['opensesspriv'] }, '/dev/null')
  const child = spawn(program, ['--debug', '--config-file=/dev/fd/3', `--hostname=${host}:${port}`], {
    stdio: ['ignore', 'pipe', 'pipe', file],
  })
  closeSync(file)
  const ended = once(child, 'close')
  const [, complaints] = await Promise.all([text(child.stdout as never), text(child.stderr as never)])
  await ended
  const bytes = /= user_name\[[^\n]*\n[^\n]*\[((?: [0-9A-F]{2}h)+) \]/.exec(complaints)?.[1] ?? complaints
  return Buffer.from(bytes.replace(/[ h]/g, ''), 'hex').toString()
}

function descriptorsOf(pid: number): string[] {
  return readdirSync(`/proc/${pid}/fd`).flatMap(name => {
    try {
      return [readlinkSync(`/proc/${pid}/fd/${name}`)]
    } catch {
      return []
    }
  })
}

/** Files of /proc that every user, or the same one, can read. */
function placesThatShow(secret: string): string[] {
  return readdirSync('/proc')
    .filter(name => /^\d+$/.test(name))
    .flatMap(pid => [`/proc/${pid}/cmdline`, `/proc/${pid}/environ`])
    .filter(file => {
      try {
        return readFileSync(file, 'utf8').includes(secret)
      } catch {
        return false
      }
    })
}
