-- Retention, archive and compression where no background job does them: the Apache edition has none, and those of the
-- community edition may all fail (2.26.4 on PostgreSQL 15.20: "cannot drop portal"). Called by the sidecar once an
-- hour, for each task by itself: in one transaction an archive that is full would bring back what retention dropped.
-- Security definer, because only the owner may drop, move or compress chunks. The summary needs no such help: what is
-- not refreshed is computed when it is read.
create or replace procedure kwollect.maintain(task text)
language plpgsql
security definer
set search_path = pg_catalog, pg_temp
as $$
begin
  if kwollect.job_works(task) then
    return;
  end if;
  case task
    when 'drop_expired_chunks' then
      call kwollect.drop_expired_chunks();
    when 'compress_old_chunks' then
      call kwollect.compress_old_chunks();
    when 'archive_old_chunks' then
      call kwollect.archive_old_chunks();
  end case;
end
$$;

revoke all on procedure kwollect.maintain(text) from public;
grant execute on procedure kwollect.maintain(text) to kwollect_writer;

comment on procedure kwollect.maintain(text) is
'Does drop_expired_chunks, compress_old_chunks or archive_old_chunks where no background job does it.';
