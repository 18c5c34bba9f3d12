-- A client's text as a message may repeat it. PostgREST writes the message of a PT error into the status line of the
-- answer, where a line break of the client's would begin a header of the client's. Called where such errors are raised.
create or replace function kwollect.one_line(input text)
returns text
language sql
immutable
parallel safe
set search_path = pg_catalog, pg_temp
return regexp_replace(input, '[\u0001-\u001f\u007f-\u009f]', ' ', 'g');

revoke all on function kwollect.one_line(text) from public;
grant execute on function kwollect.one_line(text) to kwollect_reader, kwollect_writer;

comment on function kwollect.one_line(text) is
'The text with a blank for each control character.';
