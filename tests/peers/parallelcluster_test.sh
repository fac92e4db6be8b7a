#!/bin/bash
# ParallelCluster itself reads the configuration that `evclean-aws up` writes: its own schema, installed into an
# environment of its own. (Creating a cluster needs an account.) Prints "ok NAME" or "not ok NAME".
# usage: parallelcluster_test.sh BUILD (which is not used)
set -u
root=$(realpath "$(dirname "$0")/../..")
work=$(mktemp -d /var/tmp/evclean-pcluster.XXXXXX)
trap 'rm -rf "$work"' EXIT
# shellcheck source=tests/peers/check.sh
. "$root/tests/peers/check.sh"

install() { python3 -m venv "$work/venv" && "$work/venv/bin/pip" install --quiet --disable-pip-version-check aws-parallelcluster==3.16.1 'setuptools<80'; }
check "ParallelCluster can be installed" install || exit 0

cat >"$work/read.py" <<'PY'
import sys
import yaml
from pcluster.schemas.cluster_schema import ClusterSchema
text = open(sys.argv[1]).read().replace("SUBNET", "subnet-0123456789abcdef0")
config = ClusterSchema(cluster_name="access-log").load(yaml.safe_load(text))
queue = config.scheduling.queues[0]
print(config.scheduling.scheduler, queue.name, queue.compute_resources[0].max_count)
PY
written=$root/tests/aws/parallelcluster.golden.yaml
read_by_it() { AWS_DEFAULT_REGION=eu-central-1 "$work/venv/bin/python" "$work/read.py" "$1"; }
understood() { [ "$(read_by_it "$written")" = "slurm clean 8" ]; }
check "ParallelCluster reads our configuration" understood
refuses() {
  sed 's/StorageType: Efs/StorageType: Esf/' "$written" >"$work/wrong.yaml"
  ! read_by_it "$work/wrong.yaml" && grep -q "StorageType" "$work/check.log"
}
check "and would refuse a wrong one" refuses
