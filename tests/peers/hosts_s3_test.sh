#!/bin/bash
# Several hosts that share nothing but S3: network namespaces, each with a folder of its own under one name; input, outputs, rejects,
# report and state are on S3 (moto's server). What needs a shared folder is refused. Prints "ok NAME" or "not ok NAME" a test.
# usage: hosts_s3_test.sh BUILD (needs root and iproute2)
set -u
root=$(realpath "$(dirname "$0")/../..")
build=$(cd "$root" && realpath "$1")
if [ "$(id -u)" != 0 ]; then
  echo "not ok hosts can be made: this test needs root (network namespaces)"
  exit 0
fi
work=$(mktemp -d /var/tmp/evclean-s3-hosts.XXXXXX)
hosts=$work/hosts
private=$work/private # another folder on each host
export OMPI_ALLOW_RUN_AS_ROOT=1 OMPI_ALLOW_RUN_AS_ROOT_CONFIRM=1 PATH=$PATH:/usr/sbin:/sbin
clean_up() {
  [ ! -e "$hosts/hosts.made" ] || "$root/tests/hosts/hosts_down.sh" "$hosts"
  rm -rf --one-file-system "$work"
}
trap clean_up EXIT
. "$root/tests/peers/check.sh"

on() { # HOST COMMAND...
  local host=$1
  shift
  nsenter -t "$(cat "$hosts/$host.pid")" -n -m -u -- "$@"
}
cloud() { # python code on stdin, `s3` is a client
  read -r prefix _ <"$hosts/hosts.made"
  { cat "$work/cloud.py"; cat; } | ip netns exec "${prefix}hub" "$root/.venv/bin/python" - "$@"
}
cat >"$work/cloud.py" <<'PYTHON'
import json, pathlib, sys
import boto3
from botocore.config import Config
s3 = boto3.client("s3", endpoint_url="http://10.77.0.254:5000", region_name="eu-central-1", aws_access_key_id="test", aws_secret_access_key="test",
                  config=Config(s3={"addressing_style": "path"}))
def objects(prefix=""):
    pages = s3.get_paginator("list_objects_v2").paginate(Bucket="out", Prefix=prefix)
    return {e["Key"][len(prefix):]: s3.get_object(Bucket="out", Key=e["Key"])["Body"].read() for page in pages for e in page.get("Contents", [])}
PYTHON

start_cloud() {
  local host try
  for host in evh1 evh2 evh3; do
    mkdir -p "$work/$host"
    on "$host" mount --bind "$work/$host" "$private" || return 1
  done
  read -r prefix _ <"$hosts/hosts.made"
  ip netns exec "${prefix}hub" "$root/.venv/bin/moto_server" -H 10.77.0.254 -p 5000 >"$work/moto.log" 2>&1 &
  disown
  for ((try = 0; try < 100; ++try)); do
    cloud "$work/access.log" <<'PYTHON' 2>"$work/cloud.log" && return 0
for bucket in ("logs", "out"):
    s3.create_bucket(Bucket=bucket, CreateBucketConfiguration={"LocationConstraint": "eu-central-1"})
text = pathlib.Path(sys.argv[1]).read_bytes()
cut = text.index(b"\n", len(text) // 3) + 1
s3.put_object(Bucket="logs", Key="2026/a.log", Body=text[:cut])
s3.put_object(Bucket="logs", Key="2026/b.log", Body=text[cut:])
PYTHON
    sleep 0.3
  done
  cat "$work/cloud.log"
  return 1
}

# evclean with so many ranks on these hosts, in each host's own folder; scratch is there too.
evclean_on() { # HOSTS RANKS [evclean words]
  local list=$1 ranks=$2
  shift 2
  timeout -k 5 180 nsenter -t "$(cat "$hosts/evh1.pid")" -n -m -u -- env TMPDIR="$private" AWS_ACCESS_KEY_ID=test AWS_SECRET_ACCESS_KEY=test \
    AWS_ENDPOINT_URL=http://10.77.0.254:5000 AWS_REGION=eu-central-1 AWS_EC2_METADATA_DISABLED=true \
    mpirun --host "$list" --mca plm rsh --mca plm_rsh_agent "$hosts/on" --mca pml ob1 --mca btl self,vader,tcp --bind-to none --oversubscribe \
    --mca orte_tmpdir_base /tmp --mca mpi_yield_when_idle 1 -x TMPDIR -x AWS_ACCESS_KEY_ID -x AWS_SECRET_ACCESS_KEY -x AWS_ENDPOINT_URL -x AWS_REGION \
    -x AWS_EC2_METADATA_DISABLED -np "$ranks" -wdir "$private" "$build/evclean" run --progress none "$@"
}
one_host() { evclean_on evh1:2 2 "$@"; }
three_hosts() { evclean_on evh1:2,evh2:2,evh3:2 6 "$@"; }
nothing_stays() { # in the folders of the hosts, and of uploads
  find "$work"/evh? -mindepth 1 | tee "$work/left"
  [ ! -s "$work/left" ] && cloud <<'PYTHON'
left = s3.list_multipart_uploads(Bucket="out").get("Uploads", [])
print(left)
sys.exit(bool(left))
PYTHON
}

same_everywhere() {
  one_host "$work/job.yml" --set input.rejects.path=s3://out/one/rejects.jsonl --report s3://out/one.json \
    --set output='[s3://out/one/events.csv.zst, s3://out/one/events.parquet, {path: s3://out/one/days/, format: csv, partition_by: day}, {path: s3://out/one/paths.csv, table: paths}]' || return 1
  three_hosts "$work/job.yml" --set input.rejects.path=s3://out/three/rejects.jsonl --report s3://out/three.json \
    --set output='[s3://out/three/events.csv.zst, s3://out/three/events.parquet, {path: s3://out/three/days/, format: csv, partition_by: day}, {path: s3://out/three/paths.csv, table: paths}]' || return 1
  grep -q 'evh1 (2), evh2 (2), evh3 (2)' "$work/check.log" && cloud <<'PYTHON'
one, three = objects("one/"), objects("three/")
print({name: len(body) for name, body in three.items()})
assert one == three and {"events.csv.zst", "events.parquet", "rejects.jsonl", "paths.csv"} < set(three) and all(three.values())
assert any(name.startswith("days/day=") for name in three)
reports = [json.loads(body) for body in (objects("one.json")[""], objects("three.json")[""])]
assert reports[1]["ranks"] == 6 and reports[0]["ledger"] == reports[1]["ledger"] and reports[1]["ledger"]["rejected"] > 0
assert [entry["sha256"] for entry in reports[0]["outputs"]] == [entry["sha256"] for entry in reports[1]["outputs"]]
PYTHON
}
incremental() { # the state is on S3, so any host may begin
  cat >"$work/new.yml" <<'YAML'
input: {paths: s3://logs/2026/, format: combined, rejects: {max: 5%}, only_new: s3://out/state.jsonl}
output: {path: s3://out/new.csv, overwrite: true}
YAML
  three_hosts "$work/new.yml" && three_hosts "$work/new.yml" && cloud <<'PYTHON'
assert objects("new.csv")[""].count(b"\n") <= 1, objects("new.csv")[""][:200]
assert objects("state.jsonl")[""].count(b"s3://logs/2026/") == 2
PYTHON
}
replayed() { # rejects of the first test, as lines
  three_hosts "$work/job.yml" --replay s3://out/three/rejects.jsonl --set input.format=lines --set input.rejects.path=s3://out/again.jsonl \
    --set steps='[]' --set output=s3://out/mended.csv && cloud <<'PYTHON'
rejects = [json.loads(line)["text"] for line in objects("three/rejects.jsonl")[""].splitlines()]
lines = objects("mended-replay.csv")[""].decode(errors="replace").splitlines()
print(len(rejects), len(lines))
assert len(rejects) == len(lines) - 1 > 0
PYTHON
}
refused() { # CODE WORD... : the run before it ended like this, and said so
  local code=$1 word
  shift
  [ "$status" = "$code" ] || { echo "exit code $status"; return 1; }
  for word in "$@"; do grep -qF "$word" "$work/said" || { echo "'$word' was not said"; return 1; }; done
}
say() { # runs the rest
  "$@" >"$work/said" 2>&1
  status=$?
  cat "$work/said"
}
hdf5_is_that_of_one_host() { # several tables in a file, and a matrix
  one_host "$work/job.yml" --set output='[s3://out/h1/x.h5, {path: s3://out/h1/x.h5, table: paths, key: paths}, {path: s3://out/h1/m.h5, layout: matrix, table: numbers}]' || return 1
  three_hosts "$work/job.yml" --set output='[s3://out/h3/x.h5, {path: s3://out/h3/x.h5, table: paths, key: paths}, {path: s3://out/h3/m.h5, layout: matrix, table: numbers}]' || return 1
  cloud <<'PYTHON'
import h5py, io
def values(body):
    found = {}
    with h5py.File(io.BytesIO(body)) as file:
        file.visititems(lambda name, item: found.update({name: (str(item.dtype), item.shape, item[()].tobytes())}) if isinstance(item, h5py.Dataset) else None)
    return found
one, three = objects("h1/"), objects("h3/")
print({name: len(body) for name, body in three.items()})
assert set(one) == set(three) == {"x.h5", "m.h5", "m.mapping.json"} and one["m.mapping.json"] == three["m.mapping.json"]
for name in ("x.h5", "m.h5"):
    assert values(one[name]) == values(three[name]), name
assert {"events/table", "paths/table"} <= set(values(three["x.h5"])) and values(three["m.h5"])["X"][1][0] > 1000
PYTHON
}
hdf5_needs_room_on_the_first_host() { # a scratch folder of 8 MiB there
  on evh1 mount -t tmpfs -o size=8m tmpfs "$private" || return 1
  say three_hosts "$work/job.yml" --set output=s3://out/full.h5 --set resources.scratch="$private" --set input.rejects.path=s3://out/full.jsonl
  on evh1 umount "$private" || return 1
  refused 3 's3://out/full.h5' 'waits in the scratch folder' 'evh1' && cloud <<'PYTHON'
assert not objects("full.h5")
PYTHON
}
own_output_is_refused() { # a path of the file system that is another folder on each host
  local output
  for output in 'path: a/out.csv' 'path: out.parquet' 'path: out.h5' 'path: days/, format: csv, partition_by: day' 'path: s3://out/y.csv'; do
    say three_hosts "$work/job.yml" --set "output={$output}" --set input.rejects.path=r.jsonl
    refused 2 'is not that of the first rank' 'or to s3://' || return 1
  done
  cloud <<'PYTHON'
assert not objects("y.csv")
PYTHON
}

mkdir -p "$private"
"$root/tests/hosts/hosts_up.sh" "$hosts" 3 || { echo "not ok three hosts come up"; exit 0; }
cat >"$work/job.yml" <<'YAML'
input: {paths: s3://logs/2026/, format: combined, rejects: {max: 5%}}
steps:
  - filter: "status < 500"
  - set: {device: "device_class(user_agent)", day: "cast(time as date)"}
tables:
  paths:
    sql: select path, count(*) as hits, sum(bytes) as bytes from events group by path order by hits desc, path
  numbers:
    sql: select status, bytes, method from events
    steps: {encode: {keep: [status], standardise: [bytes], one_hot: [method]}}
output: s3://out/t.csv
resources: {chunk: 2MiB, memory: 64MiB}
YAML
"$build/bench/generate_events" --format combined --bytes 30M --output "$work/access.log" --rate malformed=0.5%
check "three hosts with folders of their own, and S3" start_cloud || exit 0
check "six ranks on three hosts, all on S3: the bytes of one host" same_everywhere
check "no file and no upload is left" nothing_stays
check "what is new, with the state on S3" incremental
check "rejects on S3 are replayed" replayed
check "HDF5 on S3 from three hosts: the datasets of one host" hdf5_is_that_of_one_host
check "HDF5 on S3 from three hosts: no room on the first" hdf5_needs_room_on_the_first_host
check "an output that is another folder on each host is refused" own_output_is_refused
check "the refused left nothing" nothing_stays
