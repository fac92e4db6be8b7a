#!/bin/bash
# Ranks on several hosts, over TCP alone: network namespaces with their own addresses, names and shared memory, and a folder
# that all see. Slow and lossy links; a rank, a daemon and a link that break. Prints "ok NAME" or "not ok NAME" a test.
# usage: hosts_test.sh BUILD (needs root, iproute2 and nftables)
set -u
root=$(realpath "$(dirname "$0")/../..")
build=$(cd "$root" && realpath "$1")
if [ "$(id -u)" != 0 ]; then
  echo "not ok hosts can be made: this test needs root (network namespaces)"
  exit 0
fi
work=$(mktemp -d)
hosts=$work/hosts
export OMPI_ALLOW_RUN_AS_ROOT=1 OMPI_ALLOW_RUN_AS_ROOT_CONFIRM=1 PATH=$PATH:/usr/sbin:/sbin
clean_up() {
  [ ! -e "$hosts/hosts.made" ] || "$root/tests/hosts/hosts_down.sh" "$hosts"
  rm -rf "$work"
}
trap clean_up EXIT

. "$root/tests/peers/check.sh"

space() { read -r prefix _ <"$hosts/hosts.made" && echo "$prefix${1#evh}"; }

# mpirun on evh1, over all hosts; what slurm/evclean.sbatch and the bundle set is set here too.
run_on_hosts() {  # SECONDS RANKS FOLDER [evclean options]
  local limit=$1 ranks=$2 folder=$3
  shift 3
  mkdir -p "$folder"
  timeout -k 5 "$limit" nsenter -t "$(cat "$hosts/evh1.pid")" -n -m -u -- mpirun --hostfile "$hosts/hostfile" \
    --mca plm rsh --mca plm_rsh_agent "$hosts/on" --mca pml ob1 --mca btl self,vader,tcp --bind-to none --oversubscribe \
    --mca oob_tcp_keepalive_time 5 --mca oob_tcp_keepalive_intvl 5 --mca oob_tcp_keepalive_probes 3 \
    --mca mpi_yield_when_idle 1 -np "$ranks" -wdir "$folder" "$build/evclean" run "${job:-$root/jobs/access_log.yml}" --set "input.paths=$work/access.log" \
    --set "resources.scratch=$work" --progress none "$@"
}

same_as_local() {
  cmp "$work/local/out/access.csv.zst" "$1/out/access.csv.zst" && cmp "$work/local/out/access.parquet" "$1/out/access.parquet" &&
    h5diff "$work/local/out/access.h5" "$1/out/access.h5"
}
three_hosts() {
  run_on_hosts 120 6 "$work/three" --report report.json && same_as_local "$work/three" &&
    grep -q 'evh1 (2), evh2 (2), evh3 (2)' "$work/check.log"
}
went_over_the_wire() {
  local bytes
  bytes=$(ip -n "$(space evh2)" -s -j link show eth0 | tr -d ' \n' | sed -n 's/.*"tx":{"bytes":\([0-9]*\).*/\1/p')
  echo "evh2 has sent $bytes bytes"
  [ "$bytes" -gt 100000 ]
}

# Joins, groups, sorts and queries: rows and keys of all of them cross the network.
same_tables() {
  local file
  for file in events.parquet visits.csv busy.csv plans.csv; do cmp "$work/local-tables/out/$file" "$1/out/$file" || return 1; done
}
tables_meet() {
  local job=$work/tables.yml
  run_on_hosts 180 6 "$work/tables" --set "tables.users.paths=$work/users.csv" && same_tables "$work/tables"
}
many_ranks() {
  mkdir -p "$work/sixteen" && cd "$work/sixteen" && timeout 300 mpirun --oversubscribe --bind-to none --mca mpi_yield_when_idle 1 -np 16 \
    "$build/evclean" run "$work/tables.yml" --set "input.paths=$work/access.log" --set "tables.users.paths=$work/users.csv" \
    --set resources.memory=64MiB --progress none && same_tables "$work/sixteen"
}

slow() { ip netns exec "$(space "$1")" tc qdisc add dev eth0 root tbf rate 16mbit burst 32kb latency 50ms; }
not_slow() { ip netns exec "$(space "$1")" tc qdisc del dev eth0 root; }
lossy() {
  ip netns exec "$(space "$1")" nft -f - <<'NFT'
table inet evclean {
  chain input { type filter hook input priority 0; iif "eth0" numgen random mod 100 < 3 counter drop; }
}
NFT
}
not_lossy() { ip netns exec "$(space "$1")" nft delete table inet evclean; }
slow_link() { slow evh2 && run_on_hosts 180 3 "$work/slow" && not_slow evh2 && same_as_local "$work/slow"; }
lossy_link() { lossy evh2 && lossy evh3 && run_on_hosts 180 3 "$work/lossy" && not_lossy evh2 && not_lossy evh3 && same_as_local "$work/lossy"; }

# Runs a long job in $work/$1, waits until it writes, breaks something with the rest of the words, and waits for the end.
# $ended_s: how long after the break mpirun ended; $status: how.
break_during() {
  local folder=$work/$1
  shift
  mkdir -p "$folder"
  run_on_hosts 150 3 "$folder" --set "input.paths=$work/large.log" >"$folder/log" 2>&1 &
  local run=$! begin
  for ((tenth = 0; tenth < 600; ++tenth)); do
    [ -n "$(find "$folder/out" -name '.*' -type f 2>/dev/null)" ] && break
    sleep 0.1
  done
  sleep 1
  kill -0 "$run" 2>/dev/null || { echo "the run was over before anything broke"; tail -n 5 "$folder/log"; return 1; }
  "$@"
  begin=$SECONDS
  wait "$run"
  status=$?
  ended_s=$((SECONDS - begin))
  echo "ended $ended_s s after the break, exit code $status"
  tail -n 12 "$folder/log"
}
nothing_published() { [ -z "$(find "$work/$1/out" -type f -not -name '.*' 2>/dev/null)" ] || { find "$work/$1/out"; return 1; }; }
nothing_runs() {  # no evclean and no orted on any host, within 30 s
  local i pid left
  for ((second = 0; second < 30; ++second)); do
    left=
    for i in 1 2 3; do
      for pid in $(ip netns pids "$(space evh$i)"); do
        case $(cat "/proc/$pid/comm" 2>/dev/null) in evclean | orted) left="$left evh$i:$(cat "/proc/$pid/comm"):$pid" ;; esac
      done
    done
    [ -n "$left" ] || return 0
    sleep 1
  done
  echo "still there:$left"
  return 1
}
kill_on() {  # HOST NAME
  local pid
  for pid in $(ip netns pids "$(space "$1")"); do
    [ "$(cat "/proc/$pid/comm" 2>/dev/null)" = "$2" ] && kill -KILL "$pid"
  done
  return 0
}
ends_within() { break_during "${@:2}" && [ "$status" != 0 ] && [ "$status" != 124 ] && [ "$ended_s" -le "$1" ]; }
rank_dies() { ends_within 20 rank kill_on evh2 evclean && nothing_published rank && nothing_runs; }
daemon_dies() { ends_within 20 daemon kill_on evh3 orted && nothing_published daemon && nothing_runs; }
link_breaks() { ends_within 40 link ip -n "$(space evh2)" link set eth0 down && nothing_published link && nothing_runs; }
link_back() { ip -n "$(space evh2)" link set eth0 up && run_on_hosts 120 3 "$work/again" && same_as_local "$work/again"; }

"$root/tests/hosts/hosts_up.sh" "$hosts" 3 || { echo "not ok three hosts come up"; exit 0; }
printf 'evh1 slots=2\nevh2 slots=2\nevh3 slots=2\n' >"$hosts/hostfile"
"$build/bench/generate_events" --format combined --bytes 40M --output "$work/access.log" --rate malformed=0.1%
mkdir -p "$work/local"
(cd "$work/local" && mpirun --oversubscribe -np 2 "$build/evclean" run "$root/jobs/access_log.yml" --set "input.paths=$work/access.log" >"$work/local.log" 2>&1)
check "six ranks on three hosts write what one host writes" three_hosts
check "they talked over the network" went_over_the_wire
cp "$root/tests/hosts/tables.yml" "$work/tables.yml"
"$build/bench/generate_events" --format users --rows 60000 --output "$work/users.csv"
mkdir -p "$work/local-tables"
(cd "$work/local-tables" && "$build/evclean" run "$work/tables.yml" --set "input.paths=$work/access.log" --set "tables.users.paths=$work/users.csv" >"$work/local-tables.log" 2>&1) ||
  cat "$work/local-tables.log"
check "joins, groups, sorts and queries over three hosts write what one rank writes" tables_meet
check "and 16 ranks on two cores with 64 MiB each" many_ranks
check "a link of 16 Mbit/s" slow_link
check "links that lose 3 % of the packets" lossy_link
"$build/bench/generate_events" --format combined --bytes 1500M --output "$work/large.log"
check "a rank that is killed ends the job within 20 s, on all hosts" rank_dies
check "a daemon that is killed ends the job within 20 s, on all hosts" daemon_dies
check "a link that breaks ends the job within 40 s, on all hosts" link_breaks
check "the hosts work again" link_back
