import test from 'ava'
import { Tag } from '../../sidecar/protocols/snmp_ber.ts'
import type { Answer, Request } from '../../sidecar/protocols/snmp_pdu.ts'
import { IndexTables, SYS_UPTIME } from '../../sidecar/protocols/snmp_tables.ts'
import type { RowOid } from '../../sidecar/snmp_url.ts'

const names = '1.3.6.1.2.1.31.1.1.1.1'
const places = '1.3.6.1.2.1.31.1.1.1.18'

function byName(text: string): RowOid {
  return { prefix: '1.3.6.1.2.1.31.1.1.1.6', table: names, text, suffix: '' }
}

/** What an agent with made-up rows answers to a request of a walk. */
function answering(rowsBehind: (oid: string) => string[]): (request: Request) => Promise<Answer> {
  return async request => ({
    kind: 'varbinds',
    sentAt: 0,
    varbinds: rowsBehind(request.kind === 'next' ? request.oid : '').map(oid => ({
      oid,
      type: Tag.OctetString,
      value: Buffer.from(oid),
    })),
  })
}

/** What is said of a text that an agent with such rows does not have. */
async function flawOf(ask: (request: Request) => Promise<Answer>, now = () => 0): Promise<string> {
  const tables = new IndexTables(now)
  await tables.refresh(new Set([names]), ask)
  const resolved = tables.resolve(byName('gone'))
  return typeof resolved === 'object' ? resolved.reason : String(resolved)
}

test('a table without end is read up to 20,000 rows or two minutes', async t => {
  const last = (oid: string) => (oid === names ? 0 : Number(oid.split('.').at(-1)))
  const endless = answering(oid => Array.from({ length: 30 }, (_, row) => `${names}.${last(oid) + 1 + row}`))
  t.regex(await flawOf(endless), /has over 20000 rows/)
  let now = 0
  t.regex(await flawOf(endless, () => (now += 1000)), /takes longer than 120 s/)
})

test('rows that go back, stand still or shrink end a walk', async t => {
  for (const rows of [
    [`${names}.5`, `${names}.4`],
    [`${names}.5`, `${names}.5`],
    [`${names}.5.1`, `${names}.5`],
    [`${names}.10`, `${names}.9`],
  ]) {
    t.regex(await flawOf(answering(() => rows)), /does not go on behind/, rows.join(' '))
  }
  t.is(
    await flawOf(answering(() => [`${names}.9`, `${names}.10`, `${names}.10.1`, `${places}.1`])),
    `no row of ${names} equals gone`,
  )
})

test('an agent that refuses a walk is asked for fewer rows, then left with the name of its error', async t => {
  const asked: number[] = []
  const refusing = async (request: Request): Promise<Answer> => {
    if (request.kind === 'next') asked.push(request.rows)
    return { kind: 'refused', status: 5, index: 0 }
  }
  t.is(await flawOf(refusing), `no row of ${names} equals gone (the agent does not list ${names}: genErr)`)
  t.deepEqual(asked, [30, 8, 2, 1])
})

test('a table whose walk is never answered lets the others go first and is left alone for a minute', async t => {
  let now = 0
  const tables = new IndexTables(() => now)
  let turns = 0
  const ask = async (request: Request): Promise<Answer> => {
    turns++
    if (request.kind === 'next' && request.oid === names) return { kind: 'silence', cause: 'time-out' }
    return { kind: 'varbinds', sentAt: 0, varbinds: [] }
  }
  const refresh = () => tables.refresh(new Set([names, places]), ask)
  await refresh()
  await refresh()
  t.deepEqual(tables.resolve({ ...byName('x'), table: places }), { reason: `no row of ${places} equals x` })
  for (let poll = 0; poll < 4; poll++) await refresh()
  const before = turns
  await refresh()
  t.is(turns, before)
  now = 61_000
  await refresh()
  t.true(turns > before)
})

test('a restart shows in sysUpTime: it went back, or grew less than the time that passed', t => {
  let now = 0
  const tables = new IndexTables(() => now)
  const after = (ms: number, uptimeMs: number) => {
    now += ms
    const varbind = { oid: SYS_UPTIME, type: Tag.TimeTicks, value: uptimeMs / 10 }
    return tables.hasRestarted({ sentAt: 0, varbind })
  }
  t.false(after(0, 1_000_000))
  t.false(after(60_000, 1_060_000))
  t.false(after(60_000, 1_115_000), 'its clock is slow')
  t.true(after(1_000, 500))
  t.false(after(1_000, 1_500))
  t.true(after(3_600_000, 300_000), 'longer up than before, out of reach for most of an hour')
  t.false(tables.hasRestarted({ reason: 'the agent has no sysUpTime' }))
})
