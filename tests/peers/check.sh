# shellcheck shell=bash
# Sourced by the tests of this folder and of tests/slurm, which set `work`, a folder of their own.

# Runs a command and prints "ok NAME (SECONDS s)", or "not ok" and the last lines it said; they stay in $work/check.log.
check() { # NAME COMMAND...
  local name=$1
  shift
  local begin=$SECONDS
  if "$@" >"$work/check.log" 2>&1; then
    echo "ok $name ($((SECONDS - begin)) s)"
    return 0
  fi
  echo "not ok $name ($((SECONDS - begin)) s)"
  tail -n 40 "$work/check.log" | sed 's/^/  /'
  return 1
}
