-- apply: where OAR is connected
-- What OAR manages: cores and other parts of nodes, of type default, and things that are no node (licences, disks).
create foreign table if not exists oar.resources (
  resource_id integer not null
, type text not null
, network_address text not null
)
server "OAR database"
options (schema_name 'public', table_name 'resources');

revoke all on oar.resources from public;

comment on foreign table oar.resources is
'Resources that OAR manages; several can be of one node.';
