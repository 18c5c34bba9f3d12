#!/bin/sh
# The power distribution unit of `npm start`: Net-SNMP's pass_persist protocol (snmpd.conf(5)) for the OIDs below APC's
# rPDU2OutletMeteredStatusTable and the total, rPDUIdentDevicePowerWatts. Agent and protocol are real; what the four
# outlets give is made up: a base, a slow wave of their own, and more the more this machine has to do.
outlets=1.3.6.1.4.1.318.1.1.26.9.4.3.1.7
total=1.3.6.1.4.1.318.1.1.12.1.16

# Watts of outlet $1 in `watts`: a triangle of 60 W in minutes, and 40 W per running process.
measure() {
  period=$((120 + 50 * $1))
  place=$((($(date +%s) + 37 * $1) % period))
  half=$((period / 2))
  [ "$place" -gt "$half" ] && place=$((period - place))
  read -r load _ < /proc/loadavg
  # "0.08" in hundredths: digits that begin with a zero are octal
  load=${load%.*}${load#*.}
  load=${load#0}
  watts=$((80 + 30 * $1 + 60 * place / half + 40 * ${load#0} / 100 / $1))
}

answer() {
  case $1 in
    ."$outlets".[1-4])
      measure "${1##*.}"
      printf '%s\n' "$1" integer "$watts"
      ;;
    ."$total".0)
      sum=0
      for outlet in 1 2 3 4; do
        measure $outlet
        sum=$((sum + watts))
      done
      printf '%s\n' "$1" integer "$sum"
      ;;
    *) echo NONE ;;
  esac
}

while read -r command; do
  case $command in
    PING) echo PONG ;;
    get) read -r asked; answer "$asked" ;;
    # Nobody walks through it.
    getnext) read -r _; echo NONE ;;
    set) read -r _; read -r _; echo not-writable ;;
    *) exit 0 ;;
  esac
done
