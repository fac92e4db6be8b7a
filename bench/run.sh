#!/bin/sh
# Measures evclean beside Polars, PCRE2 and zstd. usage: bench/run.sh FOLDER [options of run.py]
set -eu
cd "$(dirname "$0")/.."
folder=$1
shift
exec .venv/bin/python bench/run.py --build "$folder" "$@"
