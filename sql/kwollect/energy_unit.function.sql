-- What a metric's name says about power and energy. Called by api.get_job_energy and kwollect.node_energy.
-- The names of the field: wattmetre_power_watt, prom_node_rapl_package_joules_total, prom_scaph_host_power_microwatts,
-- prom_kepler_node_platform_joules_total, pdu_outlet_energy_watthour, pdu_outlet_energy_kwh_total. Joules without
-- "_total" or "energy" may be those of one burst and are left out; "mwh" is left out because it means two things.
create or replace function kwollect.energy_unit(metric_id text)
returns table (instrument text, is_counter boolean, scale double precision)
language sql
immutable
parallel safe
set search_path = pg_catalog, pg_temp
as $$
  select regexp_replace(part.name, '_?(active_)?(power|energy)$', '')
       , part.unit <> 'watt'
       , case part.prefix when 'micro' then 1e-6 when 'milli' then 1e-3 when 'kilo' then 1e3 when 'mega' then 1e6 else 1 end
         * case when part.unit in ('watt', 'joule') then 1 when part.unit = 'kwh' then 3.6e6 else 3600 end
    from (
           select matched[1] as name
                , matched[2] as prefix
                , coalesce(matched[3], matched[4]) as unit
                , matched[5] as total
             from regexp_match(
                    lower(metric_id)
                  , '^(?:(.*)_)?(?:(micro|milli|kilo|mega)?(watt|joule|watt_?hour)s?|(k?wh))(_total)?$'
                  ) as matched
         ) as part
   where part.unit <> 'joule'
      or part.total is not null
      or part.name ~ 'energy'
$$;

revoke all on function kwollect.energy_unit(text) from public;
grant execute on function kwollect.energy_unit(text) to kwollect_reader, kwollect_writer;

comment on function kwollect.energy_unit(text) is
'The unit that a metric''s name ends in, in watts (power) or joules (energy counter); no row for any other metric.
instrument is the name without it: a counter and a power of the same instrument measure the same.';
