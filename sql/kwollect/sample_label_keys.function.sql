-- The labels that differ from sample to sample and are kept beside it; as labels of a series they would
-- make a series of every sample. Called by series_labels, sample_labels and read_rates; inlined, hence no search_path.
create or replace function kwollect.sample_label_keys()
returns text[]
language sql
immutable
parallel safe
return array['value_str', '_metric_scrape_time'];

revoke all on function kwollect.sample_label_keys() from public;
grant execute on function kwollect.sample_label_keys() to kwollect_reader, kwollect_writer;

comment on function kwollect.sample_label_keys() is
'Names of the labels that are kept with each sample instead of its series.';
