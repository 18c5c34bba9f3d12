-- What a bucket of five minutes shows: the end of a counter, the average of all else. Called by the summary views and
-- read_summary; inlined, hence no search_path.
create or replace function kwollect.summary_value(metric_id text, average double precision, largest double precision)
returns double precision
language sql
immutable
parallel safe
return coalesce(case when metric_id like '%\_total' then largest else average end, 'NaN');

revoke all on function kwollect.summary_value(text, double precision, double precision) from public;
grant execute on function kwollect.summary_value(text, double precision, double precision) to kwollect_reader, kwollect_writer;

comment on function kwollect.summary_value(text, double precision, double precision) is
'The average, or the maximum where metric_id ends in _total; NaN where the bucket has no number.';
