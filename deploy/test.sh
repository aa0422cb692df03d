#!/usr/bin/env bash
# deploy/test.sh - what `make test` does: environment and services in parallel, lint, types, every test, and the
# services stopped again whatever happened. State in .state/test; arguments go to pytest.
set -uo pipefail
cd "$(dirname "$0")/.."
state=$PWD/.state/test
rm -rf "$state" && mkdir -p "$state"

stop_services() {
  [ -d "$state/postgres" ] && deploy/postgres/server.sh stop "$state/postgres" >/dev/null 2>&1
  # its start may still be under way
  [ -n "${kafka:-}" ] && kill "$kafka" 2>/dev/null && wait "$kafka" 2>/dev/null
  [ -d "$state/kafka" ] && deploy/kafka/broker.sh stop "$state/kafka" >/dev/null 2>&1
}
trap stop_services EXIT
trap 'exit 130' INT TERM

[ "${CI:-}" = true ] && [ "$(id -u)" -eq 0 ] && deploy/system_packages.sh
deploy/venv.sh .venv dev || exit 2
bin=$PWD/.venv/bin

PATH="$bin:$PATH" deploy/postgres/server.sh start "$state/postgres" > "$state/postgres.url" 2> "$state/postgres.err" &
postgres=$!
deploy/kafka/broker.sh start "$state/kafka" > "$state/kafka.address" 2> "$state/kafka.err" &
kafka=$!
make -s lint > "$state/lint.out" 2>&1; lint=$?
make -s types > "$state/types.out" 2>&1 & types_job=$!

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
kafka=

select=(-m "not slow")
[ -n "${HOOFPRINT_SOAK:-}" ] && select=()
"$bin/python" -m pytest -n "${HOOFPRINT_TEST_PROCESSES:-3}" --dist worksteal "${select[@]}" "$@" > >(tee "$state/pytest.out") 2>&1
tests=$?
wait "$types_job"; types=$?

[ $lint -eq 0 ] || { echo "== lint failed"; cat "$state/lint.out"; }
[ $types -eq 0 ] || { echo "== types failed"; cat "$state/types.out"; }
echo "== lint $([ $lint -eq 0 ] && echo ok || echo FAILED), types $([ $types -eq 0 ] && echo ok || echo FAILED), tests $([ $tests -eq 0 ] && echo ok || echo FAILED)"
[ $lint -eq 0 ] && [ $types -eq 0 ] && [ $tests -eq 0 ] && tail -n 1 "$state/pytest.out"
