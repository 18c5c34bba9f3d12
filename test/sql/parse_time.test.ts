import test from 'ava'
import { testDatabase } from '../harness/database.ts'
import { session } from './session.ts'

const noon = '2020-07-06T12:00:00.000Z'
const withFraction = '2020-07-06T12:00:00.250Z'

/** How clients write a moment, and what it is wherever the server stands. */
const moments = [
  ['2020-07-06T12:00:00', noon],
  ['2020-07-06t12:00:00', noon],
  ['2020-07-06 12:00:00', noon],
  ['2020-7-6 12:00', noon],
  [' 2020-07-06T12 ', noon],
  ['2020-07-06T12:00:00.', noon],
  ['2020-07-06T12:00:00,25', withFraction],
  ['2020-07-06T120000', noon],
  ['2020-07-06T1200', noon],
  ['2020-07-06T120000.25Z', withFraction],
  ['2020-07-06T12:00:00z', noon],
  ['2020-07-06T14:00:00+02:00', noon],
  ['2020-07-06T14:00:00.25 +0200', withFraction],
  ['2020-07-06T14:00:00 02:00', noon],
  ['2020-07-06T14:00+02', noon],
  ['2020-07-06T07:30:00-04:30', noon],
  ['2020-07-06 14:00:00 Europe/Paris', noon],
  ['2020-07-06 12:00 UTC', noon],
  ['2020-07-06', '2020-07-06T00:00:00.000Z'],
  ['1594036800', noon],
  ['1594036800.25', withFraction],
] as const

test('a moment without an offset is UTC in every time zone of the server', async t => {
  const database = await testDatabase(t)
  const sql = session(t, database.admin)
  for (const zone of ['Europe/Paris', 'UTC', 'Asia/Kathmandu']) {
    await sql`select set_config('timezone', ${zone}, false)`
    const rows = await sql<{ input: string; moment: Date }[]>`
      select input, kwollect.parse_time(input, 'start_time') as moment
        from unnest(${moments.map(([input]) => input)}::text[]) as input`
    t.deepEqual(
      rows.map(({ input, moment }) => [input, moment.toISOString()]),
      moments.map(([input, moment]) => [input, moment]),
      zone,
    )
  }
})

for (const input of [
  '2020-187',
  '2020-07-06 1:35 PM',
  '2020-07-06 13:35 BC',
  '2020-07-06T13:35.5',
  '2020-07-06 133500',
  '2020-07-06T133',
  '2020-07-06T25:00:00',
  '2020-02-30',
  '2020-07-06 12:00 Europe/Nowhere',
  '',
]) {
  test(`${JSON.stringify(input)} is no moment`, async t => {
    const database = await testDatabase(t)
    const sql = session(t, database.admin)
    await t.throwsAsync(sql`select kwollect.parse_time(${input}, 'end_time')`, {
      code: 'PT400',
      message: `end_time is not a time: '${input}'`,
    })
  })
}
