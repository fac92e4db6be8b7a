#!/bin/bash
# Submits slurm/evclean.sbatch to a real Slurm of two nodes. Prints "ok NAME" or "not ok NAME" a test.
# usage: real_slurm_test.sh BUILD (needs slurm-wlm and munge; scripts/test-peers.sh installs them)
set -u
root=$(realpath "$(dirname "$0")/../..")
build=$(cd "$root" && realpath "$1")
work=$(mktemp -d)
cluster=$work/cluster
export OMPI_ALLOW_RUN_AS_ROOT=1 OMPI_ALLOW_RUN_AS_ROOT_CONFIRM=1
# Two nodes of one machine have one host name: shared memory would take their ranks for neighbours, and their segments
# would collide. Over TCP they are as far apart as real nodes.
export OMPI_MCA_btl=self,tcp OMPI_MCA_rmaps_base_oversubscribe=1 OMPI_MCA_hwloc_base_binding_policy=none

clean_up() {
  [ ! -e "$cluster/slurm.conf" ] || "$root/tests/slurm/slurm_down.sh" "$cluster"
  rm -rf "$work"
}
trap clean_up EXIT

check() {  # NAME COMMAND...
  local name=$1
  shift
  if "$@" >"$work/check.log" 2>&1; then
    echo "ok $name"
  else
    echo "not ok $name"
    tail -n 20 "$work/check.log" | sed 's/^/  /'
  fi
}

field() { scontrol show job "$1" -o | tr ' ' '\n' | sed -n "s/^$2=//p"; }

# Waits until job $1 has ended, at most $2 seconds; says its state.
wait_for() {
  for ((tenth = 0; tenth < $2 * 10; ++tenth)); do
    case $(field "$1" JobState) in
      PENDING | RUNNING | COMPLETING | CONFIGURING | '') sleep 0.1 ;;
      *) break ;;
    esac
  done
  field "$1" JobState
}

submit() { sbatch --parsable --chdir="$PWD" --nodes=2 --ntasks=4 --ntasks-per-node=2 --mem-per-cpu=0 "$root/slurm/evclean.sbatch" "$@"; }

ends_as() {  # JOB STATE EXITCODE
  local state
  state=$(wait_for "$1" 120)
  echo "state $state, exit code $(field "$1" ExitCode)"
  tail -n 30 "evclean-$1.log"
  [ "$state" = "$2" ] && [ "$(field "$1" ExitCode)" = "$3" ]
}

same_files() {
  cmp "$work/local/out/access.csv.zst" "$work/slurm/out/access.csv.zst" &&
    cmp "$work/local/out/access.parquet" "$work/slurm/out/access.parquet" &&
    h5diff "$work/local/out/access.h5" "$work/slurm/out/access.h5"
}

says_two_nodes() { grep -q '4 ranks on n\[1-2\]' "evclean-$1.log"; }
nothing_left() { [ -z "$(find out -type f)" ]; }

if ! "$root/tests/slurm/slurm_up.sh" "$cluster" 2; then
  echo "not ok a private Slurm starts"
  exit 1
fi
export SLURM_CONF=$cluster/slurm.conf EVCLEAN=$build/evclean
job=$root/jobs/access_log.yml
mkdir -p "$work/local/out" "$work/slurm/out" "$work/cancelled/out"
"$build/bench/generate_events" --format combined --bytes 40M --output "$work/access.log" --rate malformed=0.1%
paths=input.paths=$work/access.log

cd "$work/local" || exit 1
check "the job runs outside Slurm" mpirun -np 2 "$EVCLEAN" run "$job" --set "$paths"
cd "$work/slurm" || exit 1
id=$(submit run "$job" --set "$paths" --report report.json)
check "four ranks on two nodes complete" ends_as "$id" COMPLETED 0:0
check "the log names ranks and nodes" says_two_nodes "$id"
check "outputs are those of a run outside Slurm" same_files

id=$(submit run "$job" --set input.paths=nowhere.log)
check "a missing input fails with evclean's exit code" ends_as "$id" FAILED 2:0

cd "$work/cancelled" || exit 1
"$build/bench/generate_events" --format combined --bytes 1500M --output "$work/large.log"
id=$(submit run "$job" --set "input.paths=$work/large.log")
for ((tenth = 0; tenth < 300; ++tenth)); do
  [ -n "$(find out -name '.*' -type f)" ] && break
  sleep 0.1
done
scancel "$id"
check "a cancelled job ends" [ "$(wait_for "$id" 60)" = CANCELLED ]
check "a cancelled job leaves no file" nothing_left
