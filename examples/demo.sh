#!/usr/bin/env bash
# examples/demo.sh - what `make demo` shows: one real workflow, planned, run, remembered, found, reused.
# Everything it makes lies in .demo/.
set -euo pipefail
cd "$(dirname "$0")/.."
root=$PWD demo=$PWD/.demo

mkdir -p "$demo"
find "$demo" -mindepth 1 -maxdepth 1 ! -name venv -exec rm -rf {} +
deploy/venv.sh "$demo/venv" base

# nothing of the person's own settings, log or environment takes part
for name in $(compgen -e | grep '^HOOFPRINT_' || true); do unset "$name"; done
export HOOFPRINT_HOME=$demo/home XDG_CONFIG_HOME=$demo/config
export PATH=$demo/venv/bin:$PATH
unset PYTHONPATH

if [ -t 1 ]; then bold=$(printf '\033[1m') plain=$(printf '\033[0m'); else bold='' plain=''; fi
chapter() { printf '\n%s%s%s\n' "$bold" "$*" "$plain"; }
show() {
  local word line=''
  for word in "$@"; do case $word in *[[:space:]]*) line+=" '$word'" ;; *) line+=" ${word#"$root"/}" ;; esac; done
  printf '%s$%s%s\n' "$bold" "$line" "$plain"; "$@"
}

chapter "1. A workflow, written in Python: split a page into parts, count the lines of each"
mkdir "$demo/split" && cd "$demo/split"
show python "$root/examples/split/workflow.py"
ls -l workflow.yml sites.yml transformations.yml replicas.yml

chapter "2. Plan it onto this machine"
show hoofprint plan workflow.yml

chapter "3. Run the plan"
show hoofprint run latest

chapter "4. What became of it"
show hoofprint status latest
show hoofprint statistics latest

chapter "5. Find files by what is known of them (the line counts were tagged by the jobs themselves)"
show hoofprint find 'type = "counts" and lines >= 50'

chapter "6. How exactly was one of them made?"
show hoofprint lineage count.txt.a

chapter "7. Plan again: what exists already is not made again"
show hoofprint plan workflow.yml --reuse latest
show hoofprint explain latest

chapter "8. The same over GraphQL, from a server on a free port"
hoofprint serve --port 0 > "$demo/serve.out" 2> "$demo/serve.err" & server=$!
trap 'kill "$server" 2>/dev/null; wait "$server" 2>/dev/null || true' EXIT
for _ in $(seq 100); do
  grep -q '^http' "$demo/serve.out" && break
  kill -0 "$server" 2>/dev/null || { cat "$demo/serve.err" >&2; exit 1; }
  sleep 0.1
done
address=$(grep -m 1 '^http' "$demo/serve.out")
echo "server: $address"
python "$root/examples/ask.py" "$address" <<'QUERY'
query Counts($least: Float!) {
  files(where: {and: [{tag: {key: "type", eq: {string: "counts"}}}, {tag: {key: "lines", gte: {number: $least}}}]}) {
    edges { node { lfn checksumState replicas { pfn } } }
  }
}
VARIABLES {"least": 50}
QUERY

chapter "How to go on"
cat <<END
  export HOOFPRINT_HOME=$demo/home PATH=$demo/venv/bin:\$PATH
  hoofprint serve                  the dashboard and GraphQL in a browser
  hoofprint --help                 every command
  examples/split/workflow.py       the workflow of this demo
  docs/tutorial/                   from here to your own workflow
END
