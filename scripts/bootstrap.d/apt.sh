# shellcheck shell=bash
# apt-get for programs: no questions, patient where another apt is at work, and one bootstrap at a time.

# What is installed here is for every user, whatever mask the administrator's shell has.
umask 022

# Another checkout may bootstrap the same machine. /var/lib/dpkg is there on every Debian, and an flock of the
# directory itself leaves no file behind and does not meet dpkg's own (fcntl) locks.
wait_for_other_bootstraps() {
  exec {machine}</var/lib/dpkg
  if ! flock --nonblock "$machine"; then
    say 'another bootstrap installs on this machine: waiting for it'
    flock "$machine"
  fi
}

# apt_get ARGUMENT...: part of a step. Waits for the locks of another apt (DPkg::Lock::Timeout does not cover that
# of the package lists) and completes what an interrupted dpkg left, as apt would ask an administrator to.
apt_get() {
  local -i attempt status=1
  for attempt in {1..120}; do
    # The step appends to the log, so what is in it is this attempt's from here on.
    # shellcheck disable=SC2154 # of steps.sh
    : >"$log"
    status=0
    LC_ALL=C DEBIAN_FRONTEND=noninteractive apt-get --quiet --yes -o DPkg::Lock::Timeout=600 "$@" || status=$?
    if ((status == 0)); then break; fi
    if grep -q 'Could not get lock' "$log"; then
      sleep 5
    elif grep -q 'dpkg --configure -a' "$log" && ((attempt == 1)); then
      DEBIAN_FRONTEND=noninteractive dpkg --configure -a
    else
      break
    fi
  done
  return "$status"
}

# install_packages PACKAGE...: what Debian recommends besides is left to the administrator, and so is a conflict
# that only the removal of another package would solve.
install_packages() { apt_get install --no-install-recommends --no-remove "$@"; }

# shellcheck disable=SC2034 # for the programs that source this
apt_advice='Check the package sources with "apt-get update", then run it again.'
