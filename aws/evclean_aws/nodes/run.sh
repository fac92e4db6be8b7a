#!/bin/bash
# Runs one job over all nodes of a cluster; started on the leading node by a step (EMR) or Systems Manager (EC2). The log
# goes to S3 while it grows, so that `evclean-aws logs` can follow it, and stays when the cluster is gone.
#
# usage: run.sh --job s3://…/jobs/HASH/ --file job.yml --nodes N --ranks R --memory 6144MiB --meet s3://…/clusters/ID/
#          --log s3://…/run.log [--region REGION] [--retries N] [--user hadoop] [--work FOLDER] [--shared FOLDER]
#          [--then shutdown] [--day 2026-11-01] -- [evclean options]
# exit code: evclean's own; 3 when nodes are missing
set -uo pipefail
target=$(cd "$(dirname "$0")/.." && pwd)
DAY=${DAY:-} retries=0 region='' user=$(id -un) work='' shared='' afterwards='' wait_s=600
while [ $# -gt 0 ] && [ "$1" != -- ]; do
  case $1 in
    --job) job=${2%/}/ ;; --file) file=$2 ;; --nodes) nodes=$2 ;; --ranks) ranks=$2 ;; --memory) memory=$2 ;;
    --meet) meet=${2%/}/ ;; --log) log=$2 ;; --region) region=$2 ;; --retries) retries=$2 ;; --user) user=$2 ;;
    --work) work=$2 ;; --day) DAY=$2 ;; --shared) shared=$2 ;; --then) afterwards=$2 ;; --wait) wait_s=$2 ;;
    *) echo "evclean run: unknown option $1" >&2; exit 2 ;;
  esac
  shift 2
done
[ "${1:-}" != -- ] || shift
: "${job:?--job}" "${file:?--file}" "${nodes:?--nodes}" "${ranks:?--ranks}" "${memory:?--memory}" "${meet:?--meet}" "${log:?--log}"
# Systems Manager runs commands as root; the key between the nodes is the user's.
if [ "$(id -un)" != "$user" ] && [ "$(id -u)" = 0 ]; then
  shutdown_after=$afterwards
  runuser -u "$user" -- "$0" --job "$job" --file "$file" --nodes "$nodes" --ranks "$ranks" --memory "$memory" --meet "$meet" \
    --log "$log" --region "$region" --retries "$retries" --user "$user" --work "$work" --shared "$shared" --then "$shutdown_after" --day "$DAY" \
    --wait "$wait_s" -- "$@"
  exit
fi
[ -z "$region" ] || export AWS_DEFAULT_REGION=$region AWS_REGION=$region
day_options=()
if [ -n "$DAY" ]; then  # ${DAY} and ${DAY_FOLDER} of the job
  export DAY DAY_FOLDER=${DAY//-//}
  day_options=(-x DAY -x DAY_FOLDER)
fi
here=$(mktemp -d)
text=$here/run.log
hosts=$here/hosts
touch "$text"
say() { echo "evclean run: $*" >>"$text"; }

send_log() { aws s3 cp --only-show-errors "$text" "$log" >/dev/null 2>&1; }
follow() {  # sends the log while it grows
  local sent=-1 size
  while :; do
    size=$(stat -c %s "$text")
    [ "$size" = "$sent" ] || { send_log && sent=$size; }
    sleep "${EVCLEAN_LOG_SECONDS:-15}"
  done
}
follow &
follower=$!
end() {
  kill "$follower" 2>/dev/null
  say "exit code $1"
  send_log
  cat "$text"
  [ "$afterwards" != shutdown ] || shut_down
  rm -rf "$here"
  exit "$1"
}

key=$HOME/.ssh/evclean_cluster
ssh_options="-i $key -o BatchMode=yes -o ConnectTimeout=10 -o ServerAliveInterval=5 -o ServerAliveCountMax=3 -o StrictHostKeyChecking=yes -o UserKnownHostsFile=$here/known_hosts"
# shellcheck disable=SC2086  # options are words
on() { ssh $ssh_options ${EVCLEAN_SSH_OPTIONS:-} "$@"; }
mine() { hostname -I | tr ' ' '\n'; }
shut_down() {
  local host
  while read -r host; do mine | grep -qx "$host" || on "$host" sudo shutdown -h +1 </dev/null; done <"$hosts"
  sudo shutdown -h +1
}

# The nodes that have registered, and answer.
find_nodes() {
  local second registered host
  for ((second = 0; second <= wait_s; second += 5)); do
    rm -rf "$here/meet"
    aws s3 cp --only-show-errors --recursive "${meet}hosts/" "$here/meet" 2>/dev/null
    registered=$(find "$here/meet" -type f 2>/dev/null | wc -l)
    [ "$registered" -lt "$nodes" ] || break
    sleep 5
  done
  [ "$registered" -ge "$nodes" ] || say "$registered of $nodes nodes are ready after $wait_s s (their bootstrap logs say why)"
  cat "$here"/meet/* >"$here/known_hosts" 2>/dev/null
  : >"$hosts"
  # The leading node first: rank 0 lives there.
  for host in $(cut -d' ' -f1 "$here/known_hosts"); do mine | grep -qx "$host" && echo "$host" >>"$hosts"; done
  for host in $(cut -d' ' -f1 "$here/known_hosts"); do
    mine | grep -qx "$host" && continue
    if on "$host" true </dev/null 2>>"$text"; then echo "$host" >>"$hosts"; else say "the node $host does not answer: it is left out (a spot instance that was taken back?)"; fi
  done
}

on_all() {
  local host
  while read -r host; do
    if mine | grep -qx "$host"; then bash -c "$1"; else on "$host" "$1" </dev/null; fi || return 1
  done <"$hosts"
}

# A lost node ends a run within some 20 s: mpirun asks its daemons 3 times, 5 s apart, after 5 s of silence.
run_once() {
  local count
  count=$(wc -l <"$hosts")
  [ "$count" -gt 0 ] || { say "no node is there"; return 3; }
  say "$((count * ranks)) ranks on $count nodes, $memory each: $(tr '\n' ' ' <"$hosts")"
  # Without a shared folder every node has one of the same name, for scratch; outputs go to S3.
  on_all "mkdir -p '$work/scratch'" >>"$text" 2>&1 || { say "cannot make $work on all nodes"; return 3; }
  sed "s/\$/ slots=$ranks/" "$hosts" >"$here/hostfile"
  # shellcheck disable=SC2086  # options are words
  "$target/bin/mpirun" --hostfile "$here/hostfile" --map-by "ppr:$ranks:node" --bind-to none -np "$((count * ranks))" -wdir "$work" \
    --mca plm rsh --mca plm_rsh_agent "ssh $ssh_options ${EVCLEAN_SSH_OPTIONS:-}" --mca plm_rsh_no_tree_spawn 1 \
    --mca oob_tcp_keepalive_time 5 --mca oob_tcp_keepalive_intvl 5 --mca oob_tcp_keepalive_probes 3 \
    --mca pml ob1 --mca btl self,vader,tcp ${EVCLEAN_MPIRUN_OPTIONS:-} ${region:+-x AWS_DEFAULT_REGION -x AWS_REGION} "${day_options[@]}" -x EVCLEAN_RESUME_AFTER \
    "$target/bin/evclean" run "$here/job/$file" --set "resources.memory=$memory" --set "resources.scratch=$work/scratch" \
    --progress plain "${resume[@]}" "$@" >>"$text" 2>&1
}

# Where it may have to start again, it keeps what it has done from its 20th second on, on the nodes' own disks: the next
# try goes on with what those that are left have kept.
export EVCLEAN_RESUME_AFTER=${EVCLEAN_RESUME_AFTER:-20}
resume=()
[ "$retries" = 0 ] || resume=(--resume)

# These codes of evclean say what happened; every other end (MPI's trouble, a lost daemon, a killed rank) may be a node
# that is gone.
was_decided() { case $1 in 0 | 1 | 2 | 4 | 130 | 143) return 0 ;; esac; return 1; }

[ -n "$work" ] || { work=/mnt/evclean-$user; [ -w /mnt ] || work=/var/tmp/evclean-$user; }
[ -z "$shared" ] || work=$shared/evclean-run
say "$(date -u +%FT%TZ) job $job$file"
aws s3 cp --only-show-errors --recursive "$job" "$here/job" >>"$text" 2>&1 && [ -e "$here/job/$file" ] || { say "cannot read $job$file"; end 3; }
[ -e "$key" ] || [ "$nodes" = 1 ] || { say "this node has no $key: is it the leading one?"; end 3; }
find_nodes
for ((try = 0; ; ++try)); do
  before=$(wc -l <"$hosts")
  run_once "$@"
  status=$?
  was_decided "$status" && end "$status"
  wait_s=0 find_nodes
  after=$(wc -l <"$hosts")
  [ "$after" -lt "$before" ] || {
    [ "$status" != 137 ] || say "a rank was killed, probably for its memory: lower memory_per_rank or ranks_per_node, or take a larger instance type"
    end "$status"
  }
  [ "$try" -lt "$retries" ] || { say "nodes were lost ($before, now $after), and it was try $((try + 1)) of $((retries + 1)): raise retries, or take market: on_demand"; end 3; }
  say "nodes were lost ($before, now $after): nothing was published; the job goes on with those that are left"
done
