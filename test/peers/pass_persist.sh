#!/bin/sh
# Net-SNMP's pass_persist protocol (snmpd.conf(5)) over a table of lines OID|TYPE|VALUE in walking order.
# The table is read again for each request, so that a test can change a value between two polls.
table=$1

answer_get() {
  while IFS='|' read -r oid type value; do
    [ "$oid" = "$1" ] && printf '%s\n' "$oid" "$type" "$value" && return
  done < "$table"
  echo NONE
}

# The line after the asked one; any other OID is taken for one before the table.
answer_getnext() {
  take=yes
  grep -qF "$1|" "$table" && take=no
  while IFS='|' read -r oid type value; do
    [ $take = yes ] && printf '%s\n' "$oid" "$type" "$value" && return
    [ "$oid" = "$1" ] && take=yes
  done < "$table"
  echo NONE
}

while read -r command; do
  case $command in
    PING) echo PONG ;;
    get) read -r asked; answer_get "$asked" ;;
    getnext) read -r asked; answer_getnext "$asked" ;;
    set) read -r asked; read -r value; echo not-writable ;;
    *) exit 0 ;;
  esac
done
