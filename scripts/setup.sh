#!/bin/sh
# Installs what is missing: Debian packages (as root, or through sudo) and the project's Python environment in .venv,
# which also carries Arrow C++ (the pyarrow wheel) unless the system has it. A second call finds nothing to do.
# usage: scripts/setup.sh build|test
set -eu
cd "$(dirname "$0")/.."
kind=${1:-build}

packages=$(sed 's/#.*//' scripts/apt-packages.txt | tr -s ' \n' ' ')
missing=
for package in $packages; do
  case "$(dpkg-query -W -f '${db:Status-Status}' "$package" 2>/dev/null || true)" in
    installed) ;;
    *) missing="$missing $package" ;;
  esac
done
if [ -n "$missing" ]; then
  command -v apt-get >/dev/null || { echo "setup: these packages are missing and there is no apt-get to install them:$missing" >&2; exit 3; }
  as_root=
  if [ "$(id -u)" != 0 ]; then
    command -v sudo >/dev/null || { echo "setup: not root and no sudo; ask an administrator for: apt-get install$missing" >&2; exit 3; }
    as_root=sudo
  fi
  echo "setup: installing$missing" >&2
  log=$(mktemp)
  { $as_root apt-get update -q && $as_root env DEBIAN_FRONTEND=noninteractive apt-get install -y -q --no-install-recommends $missing; } >"$log" 2>&1 || {
    tail -n 15 "$log" >&2
    echo "setup: could not install:$missing" >&2
    exit 3
  }
  rm -f "$log"
fi

requirements=scripts/requirements-build.txt
[ "$kind" = test ] && requirements=scripts/requirements-test.txt
if [ "$kind" = build ] && pkg-config --exists arrow parquet 2>/dev/null; then
  requirements=
fi
if [ -n "$requirements" ]; then
  stamp=.stamps/python-$(cat scripts/requirements-build.txt "$requirements" | cksum | cut -d' ' -f1)
  if [ ! -e "$stamp" ] || [ ! -x .venv/bin/python ]; then
    echo "setup: Python environment in .venv ($requirements)" >&2
    [ -x .venv/bin/python ] || /usr/bin/python3 -m venv .venv
    .venv/bin/python -m pip install --quiet --disable-pip-version-check -r "$requirements" || {
      echo "setup: could not install the Python packages of $requirements" >&2
      exit 3
    }
    mkdir -p .stamps
    touch "$stamp"
  fi
fi
