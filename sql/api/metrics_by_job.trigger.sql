-- Lets a write to the view be refused as what it is, a client's mistake (kwollect.refuse_write).
create or replace trigger metrics_by_job_refuse_write
instead of insert or update or delete
    on api.metrics_by_job
   for each row
execute function kwollect.refuse_write();
