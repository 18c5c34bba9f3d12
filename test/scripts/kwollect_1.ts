import { uniqueName } from '../harness/database.ts'
import type { Scope } from '../harness/scope.ts'
import { databaseUrl, testServer, withConnection } from '../harness/server.ts'

/**
 * A database of kwollect 1.x, from the words of its manual: one wide table, promotions, and the view of the jobs.
 * Dropped with the scope.
 *
 * @returns its address, as --import_from takes it
 */
export async function kwollect1(scope: Scope): Promise<string> {
  const { address } = testServer()
  const name = uniqueName('old')
  scope.teardown(() =>
    withConnection(databaseUrl(address, 'postgres'), async sql => {
      await sql`drop database if exists ${sql(name)} with (force)`
    }),
  )
  await withConnection(
    databaseUrl(address, 'postgres'),
    sql => sql`create database ${sql(name)} template template0`,
  )
  const url = databaseUrl(address, name)
  await withConnection(url, sql =>
    sql.unsafe(`
      create extension timescaledb schema public;
      create table metrics (
        timestamp timestamptz not null default now()
      , device_id text not null
      , metric_id text not null
      , value double precision default 'NaN'
      , labels jsonb default '{}'
      );
      select create_hypertable('metrics', by_range('timestamp', interval '6 hours'));
      create index on metrics (device_id, timestamp desc);
      create table promoted_metrics (device_id text, metric_id text);
      create view nodetime_per_job as
      select null::integer as job_id, null::timestamptz as start_time, null::timestamptz as stop_time, null::text as node
       where false;
      create view nodetime_by_job as select * from nodetime_per_job;`),
  )
  return url
}

/** Fills it with the values of `devices` devices, ten metrics each, every 10 s of a day: 8,640 values each. */
export const fillKwollect1 = (url: string, devices: number): Promise<unknown> =>
  withConnection(
    url,
    sql => sql`
      insert into metrics (timestamp, device_id, metric_id, value, labels)
      select moment
           , format('node-%s', device)
           , format('metric_%s', metric)
           , case when (device + metric) % 7 = 0 then 'NaN' else sin(extract(epoch from moment)) * device * 1e3 end
           , case when metric % 3 = 0 then jsonb_build_object('_device_alias', format('alias-%s', device)) else '{}' end
        from generate_series(timestamptz '2023-05-01 00:00Z', '2023-05-01 23:59:59Z', '100 seconds') as moment
       cross join generate_series(1, ${devices}::integer) as device
       cross join generate_series(1, 10) as metric`,
  )
