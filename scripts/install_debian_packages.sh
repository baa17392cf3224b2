#!/usr/bin/env bash
# Installs the Debian packages that `make test` and `make demo` need and that this machine lacks.
#   git             DVC's data registry is a git repository; releases are commits and tags in it
#   util-linux      `unshare` and `mount`: every job gets an /opt/ml of its own in a private mount namespace
#   openjdk-17-jre-headless  Spark's Java, the version of Glue 5.1; `make demo` does without
#   chromium        the browser in which tests look at pages
#   docker-compose  checks docker-compose.yml (`config -q` needs no engine)
set -euo pipefail

declare -A command_of=([git]=git [util-linux]=unshare [openjdk-17-jre-headless]=java [chromium]=chromium
  [docker-compose]=docker-compose)
missing=()
for package in git util-linux openjdk-17-jre-headless chromium docker-compose; do
  command -v "${command_of[$package]}" >/dev/null || missing+=("$package")
done
[ ${#missing[@]} -eq 0 ] && exit 0

if ! command -v apt-get >/dev/null; then
  echo "Please install: ${missing[*]} (this script knows Debian's apt-get only)." >&2
  exit 1
fi
run=()
if [ "$(id -u)" -ne 0 ]; then
  command -v sudo >/dev/null || { echo "Please install, as root: apt-get install ${missing[*]}" >&2; exit 1; }
  run=(sudo)
fi
echo "Installing Debian packages: ${missing[*]}"
"${run[@]}" apt-get update -qq
DEBIAN_FRONTEND=noninteractive "${run[@]}" apt-get install -qq -y --no-install-recommends "${missing[@]}" >/dev/null
