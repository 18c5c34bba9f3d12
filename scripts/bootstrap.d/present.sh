# shellcheck shell=bash
# What is on the machine already, read from files and dpkg's state only: this runs at every npm start.

# The oldest that kwollect-setup-db accepts.
oldest_postgresql=15
oldest_timescaledb=2.19.1

# Majors of the installed PostgreSQL servers that kwollect can use, newest first, one a line.
postgresql_majors() {
  local server major
  for server in /usr/lib/postgresql/*/bin/postgres; do
    [[ -x $server ]] || continue
    major=${server#/usr/lib/postgresql/}
    major=${major%%/*}
    if ((major >= oldest_postgresql)); then printf '%s\n' "$major"; fi
  done | sort -rn
}

# at_least VERSION OLDEST: whether a dotted version is not older than another.
at_least() { [[ $(printf '%s\n' "$1" "$2" | sort -V | head -n 1) == "$2" ]]; }

# timescaledb_version MAJOR: the version of TimescaleDB that this server offers; nothing where it has none.
timescaledb_version() {
  local control=/usr/share/postgresql/$1/extension/timescaledb.control
  if [[ -r $control ]]; then sed -n "s/^default_version *= *'\([0-9.]*\).*/\1/p" "$control"; fi
}

# has_timescaledb MAJOR: whether this server has a TimescaleDB that is complete and not too old.
has_timescaledb() {
  local version libraries=/usr/lib/postgresql/$1/lib
  version=$(timescaledb_version "$1")
  [[ -n $version && -e $libraries/timescaledb.so && -e $libraries/timescaledb-$version.so ]] \
    && at_least "$version" "$oldest_timescaledb"
}

any_server_has_timescaledb() {
  local major
  for major in $(postgresql_majors); do
    if has_timescaledb "$major"; then return 0; fi
  done
  return 1
}

# absent_packages PACKAGE...: those that dpkg does not know as completely installed, one a line.
absent_packages() {
  local installed package
  # dpkg-query fails when it does not know one of the names; that name is then simply not in its answer.
  installed=$(dpkg-query --show --showformat='${Package} ${db:Status-Status}\n' "$@" 2>/dev/null || true)
  for package; do
    grep -qxF "$package installed" <<<"$installed" || printf '%s\n' "$package"
  done
}

# Two settings last as long as an install of packages (see install-packages). The mark tells ours from the
# administrator's, so that those of an install that was killed are found and undone.
install_mark='of kwollect scripts/bootstrap, for the time of its install'
daemon_policy=/usr/sbin/policy-rc.d
cluster_defaults=/etc/postgresql-common/createcluster.conf

a_killed_install_left_settings() { grep -qsF "$install_mark" "$daemon_policy" "$cluster_defaults"; }
