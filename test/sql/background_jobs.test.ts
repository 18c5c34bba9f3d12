import test from 'ava'
import { until } from '../../scripts/stack/until.ts'
import { testDatabase } from '../harness/database.ts'
import { missingCommunityEdition, testWhere } from '../harness/server.ts'
import { session } from './session.ts'

const communityTest = testWhere(test, missingCommunityEdition())

communityTest('the reader sees the four jobs, and how often they run', async t => {
  const reader = session(t, (await testDatabase(t)).reader)
  const jobs = await reader`select job, schedule_interval::text as every from background_jobs order by job`
  t.deepEqual(
    [...jobs],
    [
      { job: 'archive_old_chunks', every: '01:00:00' },
      { job: 'compress_old_chunks', every: '01:00:00' },
      { job: 'drop_expired_chunks', every: '01:00:00' },
      { job: 'refresh_summary', every: '00:10:00' },
    ],
  )
})

communityTest('a job that fails is shown to the reader, and the collector does its work', async t => {
  const database = await testDatabase(t)
  const admin = session(t, database.admin)
  await admin`
    insert into metrics (timestamp, device_id, metric_id, value) values (now() - interval '9 days', 'node-1', 'm', 1)`
  await admin`call kwollect.keep_setting('chunk_compress_hour', 'not a number')`
  await admin`
    select public.alter_job(job_id, next_start => now())
      from timescaledb_information.jobs where proc_name = 'compress_old_chunks'`
  const reader = session(t, database.reader)
  const failed = await until('the failure of the job', async () => {
    const [row] =
      await reader`select last_run_status, total_failures::int as failures from background_jobs where job = 'compress_old_chunks'`
    return row?.last_run_status === 'Failed' && row
  })
  t.true(failed.failures >= 1)
  // TimescaleDB tries again by itself, and a job that runs counts as one that works.
  await admin`select _timescaledb_functions.stop_background_workers()`
  await admin`call kwollect.keep_setting('chunk_compress_hour', '24')`
  const isCompressed = async () => {
    const [row] =
      await admin`select bool_and(is_compressed) as all from timescaledb_information.chunks where hypertable_name = 'samples'`
    return row?.all
  }
  t.false(await isCompressed())
  await session(t, database.writer)`call kwollect.maintain('compress_old_chunks')`
  t.true(await isCompressed())
})
