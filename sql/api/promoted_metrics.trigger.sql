-- Lets a write to the view be refused as what it is, a client's mistake (kwollect.refuse_write).
create or replace trigger promoted_metrics_refuse_write
instead of insert or update or delete
    on api.promoted_metrics
   for each row
execute function kwollect.refuse_write();
