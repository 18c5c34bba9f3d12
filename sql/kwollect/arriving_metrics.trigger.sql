-- Stores what a statement put into kwollect.arriving_metrics.
create or replace trigger arriving_metrics_store
 after insert
    on kwollect.arriving_metrics
       referencing new table as arrivals
   for each statement
execute function kwollect.store_arrivals();
