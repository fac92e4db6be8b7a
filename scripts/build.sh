#!/bin/sh
# Configures (once) and builds. usage: scripts/build.sh FOLDER TARGET [cmake flags]
set -eu
cd "$(dirname "$0")/.."
folder=$1
target=$2
shift 2
if [ ! -e "$folder/build.ninja" ] || [ $# -gt 0 ]; then
  cmake -G Ninja -S . -B "$folder" "$@" >"$folder.log" 2>&1 || { cat "$folder.log" >&2; rm -f "$folder.log"; exit 3; }
  rm -f "$folder.log"
fi
echo "build: $folder/evclean ($target)" >&2
log=$(mktemp)
ninja -C "$folder" "$target" >"$log" 2>&1 || { grep -v '^\[' "$log" | tail -n 60 >&2; rm -f "$log"; exit 3; }
rm -f "$log"
