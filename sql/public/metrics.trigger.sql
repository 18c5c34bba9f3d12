-- COPY into public.metrics and DELETE from it: rows are collected one by one and stored or deleted at the end of the
-- statement. INSERT goes through metrics.rule.sql instead.
create or replace trigger metrics_collect_row
instead of insert or delete
    on public.metrics
   for each row
execute function kwollect.metrics_collect_row();

create or replace trigger metrics_store_collected
 after insert
    on public.metrics
   for each statement
execute function kwollect.metrics_store_collected();

create or replace trigger metrics_delete_collected
 after delete
    on public.metrics
   for each statement
execute function kwollect.metrics_delete_collected();
