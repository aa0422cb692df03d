#!/usr/bin/env bash
# deploy/test.sh - what `make test` does: environment and services in parallel, lint, types, every test, and the
# services stopped again whatever happened. State in .state/test; arguments go to pytest.
set -uo pipefail
cd "$(dirname "$0")/.."
state=$PWD/.state/test
mkdir -p "$state"
exec 9> "$state.lock"
flock -n 9 || { echo "test: another run is under way in this checkout"; exit 2; }

stop_services() {
  trap '' INT TERM
  # all its processes: tests have services of their own, and end them when they are interrupted
  [ -n "${pytest:-}" ] && kill -INT -- "-$pytest" 2>/dev/null && wait "$pytest"
  # starts may still be under way; that of the broker may take minutes, where it is installed first
  [ -n "${postgres:-}" ] && wait "$postgres"
  [ -n "${kafka:-}" ] && kill "$kafka" 2>/dev/null && wait "$kafka" 2>/dev/null
  [ -d "$state/postgres" ] && deploy/postgres/server.sh stop "$state/postgres" >/dev/null 2>&1
  [ -d "$state/kafka" ] && deploy/kafka/broker.sh stop "$state/kafka" >/dev/null 2>&1
}
stop_services # those of a run that was killed
trap stop_services EXIT
trap 'exit 130' INT TERM
rm -rf "$state" && mkdir -p "$state"

[ "${CI:-}" = true ] && [ "$(id -u)" -eq 0 ] && deploy/system_packages.sh
deploy/venv.sh .venv dev || exit 2
bin=$PWD/.venv/bin

PATH="$bin:$PATH" deploy/postgres/server.sh start "$state/postgres" > "$state/postgres.url" 2> "$state/postgres.err" 9>&- &
postgres=$!
deploy/kafka/broker.sh start "$state/kafka" > "$state/kafka.address" 2> "$state/kafka.err" 9>&- &
kafka=$!
make -s lint > "$state/lint.out" 2>&1; lint=$?
make -s types > "$state/types.out" 2>&1 9>&- & types_job=$!

if wait "$postgres"; then
  HOOFPRINT_TEST_POSTGRES=$(tail -n 1 "$state/postgres.url"); export HOOFPRINT_TEST_POSTGRES
else
  echo "test: no PostgreSQL: $(tail -n 1 "$state/postgres.err")"
fi
if wait "$kafka"; then
  HOOFPRINT_TEST_KAFKA=$(tail -n 1 "$state/kafka.address"); export HOOFPRINT_TEST_KAFKA
else
  echo "test: no Kafka: $(tail -n 1 "$state/kafka.err")"
fi
postgres= kafka=

select=(-m "not slow")
[ -n "${HOOFPRINT_SOAK:-}" ] && select=()
set -m # a process group of its own, so that an interruption reaches every process in it and nobody else
"$bin/python" -m pytest -n "${HOOFPRINT_TEST_PROCESSES:-3}" --dist worksteal "${select[@]}" "$@" \
  > >(tee -i "$state/pytest.out") 2>&1 9>&- &
pytest=$!
set +m
wait "$pytest"; tests=$?
pytest=
wait "$types_job"; types=$?

[ $lint -eq 0 ] || { echo "== lint failed"; cat "$state/lint.out"; }
[ $types -eq 0 ] || { echo "== types failed"; cat "$state/types.out"; }
echo "== lint $([ $lint -eq 0 ] && echo ok || echo FAILED), types $([ $types -eq 0 ] && echo ok || echo FAILED), tests $([ $tests -eq 0 ] && echo ok || echo FAILED)"
[ $lint -eq 0 ] && [ $types -eq 0 ] && [ $tests -eq 0 ] && tail -n 1 "$state/pytest.out"
