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

. "$root/tests/peers/check.sh"

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
  # A requeued job may not start for two minutes: Slurm gives its nodes that long to settle.
  state=$(wait_for "$1" 300)
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
"$build/bench/generate_events" --format combined --bytes 300M --output "$work/large.log"
id=$(submit run "$job" --set "input.paths=$work/large.log")
for ((tenth = 0; tenth < 300; ++tenth)); do
  [ -n "$(find out -name '.*' -type f)" ] && break
  sleep 0.1
done
scancel "$id"
check "a cancelled job ends" [ "$(wait_for "$id" 60)" = CANCELLED ]
check "a cancelled job leaves no file" nothing_left

# A job a day: three days, one of which is not there.
days_complete() {
  local state task
  for task in 0 1 2; do
    state=$(wait_for "${1}_$task" 120)
    echo "task $task: $state $(field "${1}_$task" ExitCode)"
  done
  cat evclean-"$1"-*.log
  [ "$(field "${1}_0" JobState)" = COMPLETED ] && [ "$(field "${1}_1" JobState)" = COMPLETED ] && [ "$(field "${1}_2" ExitCode)" = 2:0 ]
}
each_day_has_its_file() {
  python3 - out/report-0.json out/report-1.json <<'PYTHON' && [ -s out/access-2026-11-01.parquet ] && [ -s out/access-2026-11-02.parquet ]
import json, sys
lines = [json.load(open(path))["ledger"]["lines"] for path in sys.argv[1:]]
print(lines)
sys.exit(0 if lines[0] > lines[1] > 0 else 1)
PYTHON
}
mkdir -p "$work/days/logs/2026-11-01" "$work/days/logs/2026-11-02" "$work/days/out"
cd "$work/days" || exit 1
"$build/bench/generate_events" --format combined --bytes 4M --files 2 --output logs/2026-11-01/access.log
"$build/bench/generate_events" --format combined --bytes 2M --output logs/2026-11-02/access.log
id=$(EVCLEAN_FIRST_DAY=2026-11-01 EVCLEAN_SLURM=$root/slurm sbatch --parsable --chdir="$PWD" --array=0-2 --ntasks=2 --mem-per-cpu=0 \
  "$root/slurm/array.sbatch" "$root/slurm/daily.yml" --set "input.paths=$PWD/logs/\${DAY}/*" --report 'out/report.json')
check "an array cleans a day a task, and a day without logs fails alone" days_complete "$id"
for task in 0 1; do
  DAY=2026-11-0$((task + 1)) "$EVCLEAN" run "$root/slurm/daily.yml" --set "input.paths=$PWD/logs/\${DAY}/*" --overwrite --report "out/report-$task.json" >/dev/null 2>&1
done
check "each day has its own output" each_day_has_its_file

# Strong and weak scaling: one table.
table_is_whole() {
  ends_as "$1" COMPLETED 0:0 >/dev/null
  cat "evclean-scaling-$1.log"
  [ "$(grep -cE '^strong +[124] ' "evclean-scaling-$1.log")" = 3 ] && [ "$(grep -cE '^weak +[124] ' "evclean-scaling-$1.log")" = 3 ] &&
    [ "$(grep -cE '^strong .* same$' "evclean-scaling-$1.log")" = 3 ] && [ -z "$(find . -name 'evclean-scaling-*' -type d)" ]
}
mkdir -p "$work/scaling/logs"
cd "$work/scaling" || exit 1
"$build/bench/generate_events" --format combined --bytes 16M --files 8 --output logs/access.log
id=$(EVCLEAN_REPEAT=1 sbatch --parsable --chdir="$PWD" --nodes=2 --ntasks=4 --ntasks-per-node=2 --mem-per-cpu=0 "$root/slurm/scaling.sbatch" "$job" "$PWD/logs/*")
check "scaling.sbatch prints strong and weak scaling, and all outputs are the same" table_is_whole "$id"

# The processes of this cluster's jobs: by the environment that only they have.
ours() {  # NAME [VARIABLE=VALUE]
  local file pid
  for file in /proc/[0-9]*/environ; do
    pid=${file#/proc/}
    pid=${pid%/environ}
    [ "$(cat "/proc/$pid/comm" 2>/dev/null)" = "$1" ] || continue
    tr '\0' '\n' <"$file" 2>/dev/null | grep -qx "SLURM_CONF=$SLURM_CONF" || continue
    [ -z "${2:-}" ] || tr '\0' '\n' <"$file" 2>/dev/null | grep -qx "$2" || continue
    echo "$pid"
  done
}

plans_for_the_partition() {
  "$EVCLEAN" plan "$job" --partition main --set "$paths" | tee plan.txt && grep -q 'a node of main: 2 vCPUs' plan.txt && grep -q '2 a node, 4 in all' plan.txt
}
check "evclean plan knows the partition's nodes" plans_for_the_partition

# What happens to a run in the middle. `begin_middle` submits one, waits until it writes and stops its ranks there, so that
# it can be neither over too soon nor busy while the test waits; `go_on` wakes them.
cat >"$work/middle.yml" <<'YAML'
input: {paths: access.log, format: combined, rejects: {max: 5%}}
steps:
  - filter: "status < 400"
  - set: {device: "device_class(user_agent)"}
output: [out/access.csv.zst, out/access.parquet]
resources: {chunk: 1MiB}
YAML
export EVCLEAN_RESUME_AFTER=0
go_on() { ours evclean | xargs -r kill -CONT 2>/dev/null; }
begin_middle() {  # FOLDER [sbatch options]; sets id
  mkdir -p "$work/$1/out"
  cd "$work/$1" || exit 1
  shift
  id=$(sbatch --parsable --chdir="$PWD" --nodes=2 --ntasks=4 --ntasks-per-node=2 "$@" "$root/slurm/evclean.sbatch" run "$work/middle.yml" \
    --set "input.paths=$work/large.log")
  for ((tenth = 0; tenth < 600; ++tenth)); do
    [ -n "$(find . -path './.evclean-resume-*' -name '*.log' -size +1M)" ] && break
    sleep 0.1
  done
  ours evclean | xargs -r kill -STOP
  [ "$(field "$id" JobState)" = RUNNING ] || echo "the job was over before its middle: $(field "$id" JobState)"
}
time_limit() {
  begin_middle limit --mem-per-cpu=0 --time=00:01:00
  wait_for "$id" 150
  tail -n 5 "evclean-$id.log"
  [ "$(field "$id" JobState)" = TIMEOUT ] && nothing_left
}
check "a job over its time limit ends, and leaves no file" time_limit

memory_limit() {
  mkdir -p "$work/memory/out"
  cd "$work/memory" || return 1
  id=$(sbatch --parsable --chdir="$PWD" --nodes=1 --ntasks=2 --mem-per-cpu=40M "$root/slurm/evclean.sbatch" run "$work/middle.yml" --set "input.paths=$work/large.log")
  wait_for "$id" 120
  tail -n 8 "evclean-$id.log"
  [ "$(field "$id" JobState)" != COMPLETED ] && grep -qi 'memory' "evclean-$id.log" && [ -z "$(find out -type f -not -name '.*')" ]
}
check "a job over its memory limit ends, says so, and publishes nothing" memory_limit

# The same job as the reference, now with something in its way.
mkdir -p "$work/whole"
cd "$work/whole" || exit 1
"$EVCLEAN" run "$work/middle.yml" --set "input.paths=$work/large.log" >"$work/whole.log" 2>&1
same_as_whole() {
  cmp "$work/whole/out/access.csv.zst" "$1/out/access.csv.zst" && cmp "$work/whole/out/access.parquet" "$1/out/access.parquet" && ! find "$1/out" -name '.*' -type f | grep .
}
went_on() { grep 'splits were read by an earlier run' "evclean-$id.log" && [ -z "$(find . -name '.evclean-resume-*')" ]; }
preempted() {
  begin_middle preempted --mem-per-cpu=0
  local urgent
  urgent=$(sbatch --parsable --chdir="$PWD" --output=urgent.log --partition=urgent --nodes=2 --exclusive --wrap 'sleep 2')
  for ((tenth = 0; tenth < 600; ++tenth)); do
    [ "$(field "$id" Restarts)" = 1 ] && break
    sleep 0.1
  done
  echo "restarts: $(field "$id" Restarts), urgent: $(wait_for "$urgent" 120)"
  ends_as "$id" COMPLETED 0:0 && [ "$(field "$id" Restarts)" = 1 ] && grep -q 'start 2 of this job' "evclean-$id.log" && went_on && same_as_whole "$PWD"
}
check "a job that is preempted and requeued goes on, and ends with the same output" preempted

node_is_lost() {
  begin_middle lost --mem-per-cpu=0
  # Slurm's daemon of that node, and all that ran there, at once.
  kill -KILL "$(cat "$cluster/run/slurmd.n2.pid")"
  rm -f "$cluster/run/slurmd.n2.pid"
  { ours evclean SLURMD_NODENAME=n2; ours orted SLURMD_NODENAME=n2; } | xargs -r kill -KILL
  go_on
  local begin=$SECONDS
  for ((tenth = 0; tenth < 900; ++tenth)); do
    [ "$(field "$id" Restarts)" = 1 ] && break
    sleep 0.1
  done
  echo "back in the queue $((SECONDS - begin)) s after the node was lost: $(field "$id" JobState), restarts $(field "$id" Restarts)"
  tail -n 15 "evclean-$id.log"
  [ "$(field "$id" Restarts)" = 1 ] || return 1
  # The node comes back, and so does the job.
  (PATH=$PATH:/usr/sbin:/sbin && cd "$cluster" && slurmd -N n2)
  scontrol update nodename=n2 state=resume 2>/dev/null
  ends_as "$id" COMPLETED 0:0 && went_on && same_as_whole "$PWD"
}
check "a node lost in the middle: the job is requeued, goes on and ends with the same output" node_is_lost
