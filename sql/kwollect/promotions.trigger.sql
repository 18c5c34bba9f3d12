-- Announces changes of promoted_metrics to the collectors.
create or replace trigger promotions_announce
 after insert or update or delete or truncate
    on kwollect.promotions
   for each statement
execute function kwollect.announce_promotions();
