-- Makes the tables in which a piece of an import waits. Called by kwollect-setup-db --import_from, once a session.
-- Temporary: they are the session's own, write no WAL, and an import that is killed leaves nothing to clear away.
create or replace procedure kwollect.prepare_import()
language plpgsql
set search_path = pg_catalog, pg_temp
as $$
begin
  -- As they come from the source; labels as text, because most are compared and never looked into.
  create temporary table arriving_rows (
    timestamp timestamptz
  , device_id text
  , metric_id text
  , value double precision not null
  , labels text not null
  ) on commit delete rows;

  create temporary table arriving_series (
    device_id text
  , metric_id text
  , labels text not null
  , series_labels jsonb
  , sample_labels jsonb
  , series_id bigint
  , refusal text
  ) on commit delete rows;

  create temporary table arriving_samples (
    timestamp timestamptz not null
  , series_id bigint not null
  , value double precision not null
  , labels jsonb
  ) on commit delete rows;
end
$$;

revoke all on procedure kwollect.prepare_import() from public;

comment on procedure kwollect.prepare_import() is
'Makes the temporary tables of an import: the rows of a piece, their series, and the samples that they become.';
