#!/bin/bash
# What evclean-aws puts on the nodes: install.sh and cluster-run, on three hosts with real sshd, mpirun and the AWS command line;
# S3 is moto's server. Prints "ok NAME" or "not ok NAME" a test.
# usage: cluster_run_test.sh BUILD (needs root, iproute2, openssh-server)
set -u
root=$(realpath "$(dirname "$0")/../..")
build=$(cd "$root" && realpath "$1")
if [ "$(id -u)" != 0 ]; then
  echo "not ok hosts can be made: this test needs root (network namespaces)"
  exit 0
fi
work=$(mktemp -d /var/tmp/evclean-nodes.XXXXXX)
hosts=$work/hosts
export OMPI_ALLOW_RUN_AS_ROOT=1 OMPI_ALLOW_RUN_AS_ROOT_CONFIRM=1 PATH=$PATH:/usr/sbin:/sbin
clean_up() {
  [ ! -e "$hosts/hosts.made" ] || "$root/tests/hosts/hosts_down.sh" "$hosts"
  rm -rf --one-file-system "$work"
}
trap clean_up EXIT
. "$root/tests/peers/check.sh"

# On a host: its own home, machine keys and place for the bundle, as on a node; everything else is this machine's.
on() {  # HOST COMMAND...
  local host=$1
  shift
  nsenter -t "$(cat "$hosts/$host.pid")" -n -m -u -- env -i PATH="$work/aws/bin:/usr/sbin:/usr/bin:/sbin:/bin" HOME=/root AWS_ACCESS_KEY_ID=test \
    AWS_SECRET_ACCESS_KEY=test AWS_ENDPOINT_URL=http://10.77.0.254:5000 AWS_DEFAULT_REGION=eu-central-1 AWS_EC2_METADATA_DISABLED=true EVCLEAN_RESUME_AFTER=0 \
    OMPI_ALLOW_RUN_AS_ROOT=1 OMPI_ALLOW_RUN_AS_ROOT_CONFIRM=1 EVCLEAN_HOST_KEY="$work/$host/host_key.pub" EVCLEAN_LOG_SECONDS=1 "$@"
}
s3() { on evh1 aws s3 "$@"; }

start_cloud() {
  /usr/bin/python3 -m venv --copies "$work/aws" && "$work/aws/bin/pip" install --quiet --disable-pip-version-check awscli || return 1
  read -r prefix _ <"$hosts/hosts.made"
  ip netns exec "${prefix}hub" "$root/.venv/bin/moto_server" -H 10.77.0.254 -p 5000 >"$work/moto.log" 2>&1 &
  disown
  for ((try = 0; try < 100; ++try)); do
    s3 mb s3://our-code && s3 mb s3://our-logs && return 0
    sleep 0.3
  done
  return 1
}
start_nodes() {
  local host
  for host in evh1 evh2 evh3; do
    mkdir -p "$work/$host"/{root,opt}
    ssh-keygen -q -t ed25519 -N '' -f "$work/$host/host_key"
    nsenter -t "$(cat "$hosts/$host.pid")" -n -m -u -- sh -c "mount --bind '$work/$host/root' /root && mkdir -p /opt/evclean && mount --bind '$work/$host/opt' /opt/evclean && mkdir -p /run/sshd" || return 1
    on "$host" /usr/sbin/sshd -f /dev/null -h "$work/$host/host_key" -o UsePAM=no -o PermitRootLogin=prohibit-password -o PidFile=none \
      -o SetEnv="AWS_ENDPOINT_URL=http://10.77.0.254:5000" || return 1
  done
}
upload() {
  sha=$(sha256sum "$build/evclean-bundle.tar.gz" | cut -d' ' -f1)
  s3 cp --quiet "$build/evclean-bundle.tar.gz" "s3://our-code/bundles/$sha/evclean-bundle.tar.gz" &&
    s3 cp --quiet "$work/job.yml" s3://our-code/jobs/1/job.yml
}
install_on() {  # HOST LEADER SHA
  on "$1" bash "$root/aws/evclean_aws/nodes/install.sh" --bundle "s3://our-code/bundles/$sha/evclean-bundle.tar.gz" --sha256 "$3" \
    --meet s3://our-code/clusters/t1/ --user root --leader "$2" --wait 300
}
other_hash() {
  local wrong=${sha//[0-9]/0}
  ! install_on evh2 no "$wrong" 2>"$work/said" && cat "$work/said" && grep -q 'is not the one that was uploaded' "$work/said" && [ ! -e "$work/evh2/opt/bin" ]
}
all_install() {  # all at once, as bootstrap actions run
  local one two three
  install_on evh2 no "$sha" & two=$!
  install_on evh3 no "$sha" & three=$!
  install_on evh1 yes "$sha" & one=$!
  wait "$one" && wait "$two" && wait "$three"
}
key_stays() {  # the private half is on the leading node, and nowhere in S3
  [ "$(stat -c %a "$work/evh1/root/.ssh/evclean_cluster")" = 600 ] && [ ! -e "$work/evh2/root/.ssh/evclean_cluster" ] &&
    grep -q 'from="10.77.0.1",no-agent-forwarding' "$work/evh2/root/.ssh/authorized_keys" &&
    s3 cp --quiet --recursive s3://our-code/clusters/ "$work/clusters" && ! grep -rl 'PRIVATE' "$work/clusters"
}
cluster_run() {  # NAME [words]: the log is shown
  local name=$1
  shift
  on evh1 /opt/evclean/libexec/cluster-run --job s3://our-code/jobs/1/ --file job.yml --nodes 3 --ranks 2 --memory 256MiB --meet s3://our-code/clusters/t1/ \
    --log "s3://our-logs/runs/$name.log" --region eu-central-1 --user root --work "$work/run-$name" "$@" -- --set "output.path=$work/$name.csv"
}
runs_over_all() {
  cluster_run first --retries 0 && cmp "$work/local.csv" "$work/first.csv" && s3 cp --quiet s3://our-logs/runs/first.log - | tee "$work/first.log" &&
    grep -q '6 ranks on 3 nodes' "$work/first.log" && grep -q 'evh1 (2), evh2 (2), evh3 (2)' "$work/first.log" && grep -q 'exit code 0' "$work/first.log"
}
users_mistake() {
  sed 's/bytes > 10/hits > 10/; s/local.csv/broken.csv/' "$work/job.yml" >"$work/broken.yml" && s3 cp --quiet "$work/broken.yml" s3://our-code/jobs/2/job.yml
  on evh1 /opt/evclean/libexec/cluster-run --job s3://our-code/jobs/2/ --file job.yml --nodes 3 --ranks 2 --memory 256MiB --meet s3://our-code/clusters/t1/ \
    --log s3://our-logs/runs/broken.log --region eu-central-1 --user root --work "$work/run-broken" --retries 1 -- >"$work/broken.log" 2>&1
  local status=$?
  cat "$work/broken.log"
  [ "$status" = 2 ] && grep -q 'hits' "$work/broken.log" && [ "$(grep -c 'ranks on 3 nodes' "$work/broken.log")" = 1 ]
}
is() { tr '\0' ' ' <"/proc/$1/cmdline" 2>/dev/null | grep -q "libexec/$2"; }  # the bundle's loader is what runs
# Lets the ranks of a host go on for some milliseconds at a time until one has begun to read, and stops them there: the
# others do what is left.
cat >"$work/hold.py" <<'PY'
import glob, os, signal, sys, time

def ranks(net):
    for pid in filter(str.isdigit, os.listdir("/proc")):
        try:
            with open(f"/proc/{pid}/cmdline", "rb") as file:
                if b"libexec/evclean\0" in file.read() and os.readlink(f"/proc/{pid}/ns/net") == net:
                    yield int(pid)
        except OSError:
            pass

net = os.readlink(f"/proc/{sys.argv[1]}/ns/net")
limit = time.monotonic() + 60
found = []
while time.monotonic() < limit:
    found = found if len(found) == 2 else list(ranks(net))
    for pid in found:
        os.kill(pid, signal.SIGSTOP)
    if glob.glob(sys.argv[2]):
        sys.exit(0)
    for pid in found:
        os.kill(pid, signal.SIGCONT)
    time.sleep(0.003)
sys.exit("no rank of the host has begun to read")
PY
node_is_taken() {  # the spot market wants evh3 back, in the middle
  read -r prefix _ <"$hosts/hosts.made"
  cluster_run taken --retries 1 >"$work/taken.log" 2>&1 &
  local run=$! pid
  python3 "$work/hold.py" "$(cat "$hosts/evh3.pid")" "$work/run-taken/.evclean-resume-*/*-0000[45].log"
  sleep 1
  ip -n "${prefix}3" link set eth0 down
  for pid in $(ip netns pids "${prefix}3"); do { is "$pid" orted || is "$pid" evclean; } && kill -KILL "$pid"; done
  wait "$run"
  local status=$?
  cat "$work/taken.log"
  [ "$status" = 0 ] && grep -q 'the node 10.77.0.3 does not answer' "$work/taken.log" && grep -q '4 ranks on 2 nodes' "$work/taken.log" && grep -q 'splits were read by an earlier run' "$work/taken.log" && cmp "$work/local.csv" "$work/taken.csv"
}

[ -e "$build/evclean-bundle.tar.gz" ] || "$root/scripts/make-bundle.sh" "$build" || { echo "not ok the bundle can be made"; exit 0; }
cat >"$work/job.yml" <<YAML
input: {paths: $work/access.log, format: combined, rejects: {max: 5%}}
steps:
  - filter: "bytes > 10"
  - set: {device: "device_class(user_agent)"}
output: {path: $work/local.csv}
resources: {chunk: 1MiB}
YAML
"$build/bench/generate_events" --format combined --bytes 120M --output "$work/access.log" --rate malformed=0.1%
"$build/evclean" run "$work/job.yml" >"$work/local.log" 2>&1
check "three hosts, S3 and the AWS command line" eval '"$root/tests/hosts/hosts_up.sh" "$hosts" 3 && start_cloud && start_nodes && upload' || exit 0
check "a bundle with another hash is not installed" other_hash
check "install.sh on all nodes at once" all_install
check "the key between the nodes stays on the leading one" key_stays
check "cluster-run: six ranks on three nodes, the log in S3" runs_over_all
check "a mistake in the job ends it with code 2, once" users_mistake
check "a node that is taken away in the middle: the others go on" node_is_taken
