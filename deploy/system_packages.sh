#!/usr/bin/env bash
# deploy/system_packages.sh - what the tests use from the system and Python packages do not bring. Root only.
set -euo pipefail
[ "$(id -u)" -eq 0 ] || { echo "system-packages: needs root" >&2; exit 2; }
missing=()
ls /usr/lib/postgresql/*/bin/initdb >/dev/null 2>&1 || missing+=(postgresql)
command -v split >/dev/null || missing+=(coreutils)
[ ${#missing[@]} -eq 0 ] && exit 0
apt-get update -q >/dev/null
DEBIAN_FRONTEND=noninteractive apt-get install -y -q --no-install-recommends "${missing[@]}" >/dev/null
