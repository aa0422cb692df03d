#!/usr/bin/env bash
# deploy/system_packages.sh - what the tests use from the system and Python packages do not bring. Root only.
set -euo pipefail
[ "$(id -u)" -eq 0 ] || { echo "system-packages: needs root" >&2; exit 2; }
missing=()
compgen -G '/usr/lib/postgresql/*/bin/initdb' >/dev/null || missing+=(postgresql)
command -v chromium >/dev/null || missing+=(chromium)
command -v java >/dev/null || missing+=(openjdk-17-jre-headless)
command -v mvn >/dev/null || missing+=(maven)
[ ${#missing[@]} -eq 0 ] && exit 0
command -v apt-get >/dev/null || { echo "system-packages: install ${missing[*]} with your package manager" >&2; exit 1; }
apt-get update -q >/dev/null
DEBIAN_FRONTEND=noninteractive apt-get install -y -q --no-install-recommends "${missing[@]}" >/dev/null
