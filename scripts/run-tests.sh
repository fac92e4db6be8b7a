#!/bin/sh
# Runs ctest and closes with "N passed, N failed". usage: scripts/run-tests.sh FOLDER [ctest arguments]
set -u
cd "$(dirname "$0")/.."
export HWLOC_HIDE_ERRORS=2 # mpirun would speak of a missing /sys among what is shown here
folder=$1
shift
[ -d ../shared/data ] || echo "shared data not present: tests on real logs say so and pass" >&2
log=$(mktemp)
ctest --test-dir "$folder" --output-on-failure --no-tests=error -j "${EVCLEAN_TEST_JOBS:-3}" "$@" 2>&1 | tee "$log"
passed=$(grep -cE '^ *[0-9]+/[0-9]+ Test .* Passed ' "$log")
failed=$(grep -cE '^ *[0-9]+/[0-9]+ Test .*\*\*\*' "$log")
rm -f "$log"
echo "$passed passed, $failed failed"
[ "$failed" = 0 ] && [ "$passed" -gt 0 ]
