#!/usr/bin/env bash
# deploy/venv.sh FOLDER base|dev - an environment with this checkout in it, made anew when pyproject.toml changed.
set -euo pipefail
cd "$(dirname "$0")/.."
folder=$1 kind=$2 python=${PYTHON:-python3}

"$python" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null || {
  echo "hoofprint needs Python 3.11 or newer; name one: make PYTHON=/path/to/python3.12 …" >&2; exit 2; }
# where FOLDER is activated, python3 is the one in it, which goes when it is made anew
python=$("$python" -c 'import sys; print(getattr(sys, "_base_executable", sys.executable))')
wanted="$kind $(sha256sum pyproject.toml deploy/venv.sh | sha256sum) $("$python" -VV)"
[ "$(cat "$folder/.ready" 2>/dev/null)" = "$wanted" ] && { touch "$folder/.ready"; exit 0; }

export UV_CACHE_DIR=${XDG_CACHE_HOME:-$HOME/.cache}/hoofprint/uv
export UV_LINK_MODE=copy UV_COMPILE_BYTECODE=0
rm -rf "$folder"
"$python" -m venv "$folder"
"$folder/bin/python" -m pip install -q --disable-pip-version-check uv
install=("$folder/bin/uv" pip install -q --python "$folder/bin/python")
case $kind in
  base) "${install[@]}" -e . ;;
  dev) "${install[@]}" -e '.[postgres,kafka]' --group dev ;;
  *) echo "usage: deploy/venv.sh FOLDER base|dev" >&2; exit 2 ;;
esac
echo "$wanted" > "$folder/.ready"
