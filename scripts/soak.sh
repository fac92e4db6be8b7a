#!/bin/sh
# Exchanges more than 2 GiB to a rank; fuzzes decoders, decompression, the job file and expressions with sanitizers
# (build-fuzz; it begins with tests/fuzz/corpus, which tests/fuzz/seed_corpus.py makes, and keeps inputs there that reach
# new code) for ten minutes; then repeats the tests on random
# data (each run takes new seeds and prints them) for as long; the last line is "N passed, N failed".
# usage: scripts/soak.sh FOLDER; EVCLEAN_SOAK_MINUTES (default 10) says how long.
set -u
cd "$(dirname "$0")/.."
folder=$1
minutes=${EVCLEAN_SOAK_MINUTES:-10}
passed=0
failed=0
# More than 2 GiB to one rank, for real.
if .venv/bin/python tests/soak/large_exchange.py "$folder"; then
  passed=$((passed + 1))
else
  failed=$((failed + 1))
fi
if cmake --preset fuzz >/dev/null && cmake --build build-fuzz --target fuzz && build-fuzz/tests/fuzz/fuzz tests/fuzz/corpus $((minutes * 60)); then
  passed=$((passed + 1))
else
  failed=$((failed + 1))
fi
end=$(($(date +%s) + minutes * 60))
log=$(mktemp)
trap 'rm -f "$log"' EXIT
while [ "$(date +%s)" -lt "$end" ]; do
  ctest --test-dir "$folder" --output-on-failure --no-tests=error -j 2 \
    -R 'random|fuzz|evidence|convert|codec|access_decoder|csv_|json_|invariance' >"$log" 2>&1 || cat "$log"
  passed=$((passed + $(grep -cE 'Test .* Passed ' "$log")))
  failed=$((failed + $(grep -cE 'Test .*\*\*\*' "$log")))
  echo "soak: $passed passed, $failed failed so far" >&2
done
echo "$passed passed, $failed failed"
[ "$failed" = 0 ] && [ "$passed" -gt 0 ]
