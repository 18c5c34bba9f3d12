-- Retention, archive and compression where no background job does them: the Apache edition has none, and those of the
-- community edition may all fail (2.26.4 on PostgreSQL 15.20: "cannot drop portal"). Called by the sidecar once an
-- hour. Security definer, because only the owner may drop, move or compress chunks. The summary needs no such help:
-- what is not refreshed is computed when it is read.
create or replace procedure kwollect.maintain()
language plpgsql
security definer
set search_path = pg_catalog, pg_temp
as $$
begin
  if not kwollect.job_works('drop_expired_chunks') then
    call kwollect.drop_expired_chunks();
  end if;
  if not kwollect.job_works('compress_old_chunks') then
    call kwollect.compress_old_chunks();
  end if;
  if not kwollect.job_works('archive_old_chunks') then
    call kwollect.archive_old_chunks();
  end if;
end
$$;

revoke all on procedure kwollect.maintain() from public;
grant execute on procedure kwollect.maintain() to kwollect_writer;

comment on procedure kwollect.maintain() is
'Drops expired chunks, compresses and moves old ones where no background job does it.';
