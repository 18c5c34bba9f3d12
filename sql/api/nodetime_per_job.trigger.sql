-- Lets a write to the view be refused as what it is, a client's mistake (kwollect.refuse_write).
create or replace trigger nodetime_per_job_refuse_write
instead of insert or update or delete
    on api.nodetime_per_job
   for each row
execute function kwollect.refuse_write();
