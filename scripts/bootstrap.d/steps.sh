# shellcheck shell=bash
# Steps with a name, a time and a sign of life. Sourced by scripts/bootstrap and the programs beside this file.

# Everything noisy (npm, apt, cmake) is written here. It goes when the program ends well and stays, named on
# the terminal, after a step that failed.
log=''

# Seconds since $1 (microseconds, as now() prints them), with one decimal.
now() { printf '%s' "${EPOCHREALTIME/[.,]/}"; }
seconds_since() {
  local -i tenths=$((($(now) - $1) / 100000))
  printf '%d.%d s' $((tenths / 10)) $((tenths % 10))
}

say() { printf 'bootstrap: %s\n' "$*"; }
complain() { printf 'bootstrap: %s\n' "$*" >&2; }
die() {
  complain "$@"
  exit 1
}

# To be called once, first: the log, and an orderly end whatever happens. An interrupted step has ended by the
# time these traps run, because steps run in the foreground and receive the terminal's Ctrl-C themselves.
begin_steps() {
  log=$(mktemp "${TMPDIR:-/tmp}/kwollect-bootstrap.XXXXXX.log")
  trap 'exit 130' INT
  trap 'exit 143' TERM
  trap 'end_steps' EXIT
}

# Undoes what the program that sourced this file names in at_end (a function), then drops the log.
at_end=true
end_steps() {
  "$at_end"
  if [[ -n $log ]]; then rm -f "$log"; fi
}

# step NAME ADVICE COMMAND...: runs the command (a program or a function, which gets no set -e) with its output
# in the log; one line with the time when it is done, or its last lines and the advice when it failed.
step() {
  local name=$1 advice=$2 started alive beating status=0
  shift 2
  started=$(now)
  : >"$log"
  # The reader's end of file is how the pulse learns that the step is over, even after a SIGKILL of this shell.
  exec {alive}> >(pulse "$name")
  beating=$!
  "$@" >>"$log" 2>&1 </dev/null {alive}>&- || status=$?
  exec {alive}>&-
  wait "$beating" || true
  if ((status == 0)); then
    say "$name: $(seconds_since "$started")"
    return
  fi
  complain "$name failed after $(seconds_since "$started"). Its last lines:"
  tail -n 15 "$log" | sed 's/^/    /' >&2
  complain "$advice"
  complain "The whole log: $log"
  log=''
  exit 1
}

# pulse NAME: shows that a step lives until its standard input ends. A terminal gets one line that counts the
# seconds, anything else a line after 5 s and then every 15 s.
pulse() {
  local name=$1 _
  local -i second=0
  trap '' INT TERM
  while true; do
    # A timeout (status above 128) is a heartbeat, an end of file (1) is the end.
    read -r -t 1 _ && continue
    (($? > 128)) || break
    second+=1
    if [[ -t 1 ]]; then
      printf '\r\033[Kbootstrap: %s … %d s%s' "$name" "$second" "$(percentage)"
    elif ((second % 15 == 5)); then
      say "$name … $second s$(percentage)"
    fi
  done
  if [[ -t 1 ]]; then printf '\r\033[K'; fi
}

# What make under cmake last said of its progress ("[ 43%] Building C object"), or nothing.
percentage() {
  local last
  last=$(tail -c 4000 "$log" | grep -oE '^\[ *[0-9]+%\]' | tail -n 1 | tr -d '[] ') || true
  printf '%s' "${last:+, $last}"
}
