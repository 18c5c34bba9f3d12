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

# apt_get ARGUMENT...: waits for the locks of another apt (DPkg::Lock::Timeout does not cover that of the
# package lists) and completes what an interrupted dpkg left, as apt would ask an administrator to.
apt_get() {
  local output status
  local -i attempt
  output=$(mktemp)
  for attempt in {1..120}; do
    status=0
    LC_ALL=C DEBIAN_FRONTEND=noninteractive apt-get --quiet --yes -o DPkg::Lock::Timeout=600 "$@" \
      >"$output" 2>&1 || status=$?
    cat "$output"
    if ((status == 0)); then break; fi
    if grep -q 'Could not get lock' "$output"; then
      sleep 5
    elif grep -q 'dpkg --configure -a' "$output" && ((attempt < 3)); then
      DEBIAN_FRONTEND=noninteractive dpkg --configure -a
    else
      break
    fi
  done
  rm -f "$output"
  return "$status"
}

# install_packages PACKAGE...: what Debian recommends besides is left to the administrator.
install_packages() { apt_get install --no-install-recommends "$@"; }

# shellcheck disable=SC2034 # for the programs that source this
apt_advice='Check the package sources with "apt-get update", then run it again.'
