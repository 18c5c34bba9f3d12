/**
 * What every fixture of an earlier version holds, put in as users of that version did. Never changed, because the
 * fixtures are not: a later fixture that needs more has more statements below.
 */
export const fixtureStatements: readonly string[] = [
  `insert into metrics (timestamp, device_id, metric_id, value, labels)
   select timestamptz '2024-02-29 23:59:50Z' + second * interval '1 second'
        , format('node-%s', second % 3)
        , 'bmc_node_power_watt'
        , second / 4.0
        , jsonb_build_object('_device_alias', format('rack-%s', second % 2))
     from generate_series(0, 59) as second`,
  `insert into metrics (timestamp, device_id, metric_id, value, labels) values
     ('2024-03-01 12:00:00Z', 'node-1', 'status', 'NaN', '{"value_str": "on fire"}')
   , ('2024-03-01 12:00:00Z', 'node-1', 'status', 'NaN', '{"value_str": "on fire"}')
   , ('2024-03-01 12:00:01Z', 'nœud "2"', 'status', 'Infinity', '{}')`,
  `insert into promoted_metrics values ('node-1', 'bmc_.*'), ('node-2', null)`,
]

/** What users see of it, by the names of the views. */
export const fixtureQueries: Readonly<Record<string, string>> = {
  metrics:
    'select timestamp, device_id, metric_id, value, labels from metrics order by 1, 2, 3, 4, labels::text',
  metrics_by_device:
    'select timestamp, device_id, metric_id, value, labels from metrics_by_device order by 1, 2, 3, 4, labels::text',
  metrics_summary: 'select timestamp, device_id, metric_id, value from metrics_summary order by 1, 2, 3, 4',
  promoted_metrics: 'select device_id, metric_id from promoted_metrics order by 1, 2',
}
