#!/bin/bash
# Runs once on every node of a cluster (EMR: bootstrap action; EC2: user data; ParallelCluster: OnNodeConfigured): puts the
# bundle into /opt/evclean after checking its hash, and lets the leading node log in to the others.
#
# The leading node makes a key pair of its own; its private half never leaves it. The public half, and every node's host
# key, are left under --meet, so that nobody is trusted unseen.
#
# usage: install.sh --bundle s3://…/evclean-bundle.tar.gz --sha256 HEX --meet s3://…/clusters/ID/ --user hadoop
#          [--region REGION] [--leader yes|no|auto] [--target /opt/evclean] [--wait SECONDS]
set -euo pipefail
target=/opt/evclean
leader=auto
wait_s=900
region=
while [ $# -gt 0 ]; do
  case $1 in
    --bundle) bundle=$2 ;; --sha256) sha256=$2 ;; --meet) meet=${2%/}/ ;; --user) user=$2 ;; --region) region=$2 ;;
    --leader) leader=$2 ;; --target) target=$2 ;; --wait) wait_s=$2 ;;
    *) echo "evclean install: unknown option $1" >&2; exit 2 ;;
  esac
  shift 2
done
: "${bundle:?--bundle}" "${sha256:?--sha256}" "${meet:?--meet}" "${user:?--user}"
[ -z "$region" ] || export AWS_DEFAULT_REGION=$region
as_root=
[ "$(id -u)" = 0 ] || as_root=sudo

say() { echo "evclean install: $*" >&2; }
fail() { say "$1"; exit 1; }

address() { hostname -I 2>/dev/null | tr ' ' '\n' | grep -m1 -E '^[0-9.]+$' || hostname -i; }

# EMR says it in a file; EC2 numbers the instances of a launch; a lone --leader decides elsewhere.
leads() {
  case $leader in yes) return 0 ;; no) return 1 ;; esac
  local info=/emr/instance-controller/lib/info/instance.json token
  if [ -e "$info" ]; then
    grep -q '"isMaster": *true' "$info"
    return
  fi
  token=$(curl -sf -m 5 -X PUT -H 'X-aws-ec2-metadata-token-ttl-seconds: 60' http://169.254.169.254/latest/api/token) ||
    fail "who leads is not known: no EMR and no instance metadata here (--leader yes|no)"
  [ "$(curl -sf -m 5 -H "X-aws-ec2-metadata-token: $token" http://169.254.169.254/latest/meta-data/ami-launch-index)" = 0 ]
}

put_bundle() {
  local folder
  folder=$(mktemp -d)
  aws s3 cp --only-show-errors "$bundle" "$folder/bundle.tar.gz" || fail "cannot read $bundle (the nodes' role needs s3:GetObject there)"
  echo "$sha256  $folder/bundle.tar.gz" | sha256sum --check --status || {
    rm -rf "$folder"
    fail "the bundle $bundle is not the one that was uploaded (its SHA-256 is not $sha256): nothing was installed. Run evclean-aws upload again, and look who may write to code_path"
  }
  $as_root mkdir -p "$target"
  $as_root tar -xzf "$folder/bundle.tar.gz" -C "$target" --strip-components=1 --no-same-owner
  rm -rf "$folder"
  "$target/bin/evclean" --version >/dev/null || fail "the bundle does not run on this node: $("$target/bin/evclean" --version 2>&1 | head -n 3)"
}

home=$(getent passwd "$user" | cut -d: -f6)
[ -n "$home" ] || fail "there is no user $user on this node"
group=$(id -gn "$user")
ssh_folder=$home/.ssh

as_user() { if [ "$(id -un)" = "$user" ]; then "$@"; else $as_root runuser -u "$user" -- "$@"; fi; }

make_key() {
  $as_root install -d -m 700 -o "$user" -g "$group" "$ssh_folder"
  [ -e "$ssh_folder/evclean_cluster" ] || as_user ssh-keygen -q -t ed25519 -N '' -C "evclean cluster $meet" -f "$ssh_folder/evclean_cluster"
  { printf 'from="%s",no-agent-forwarding,no-port-forwarding,no-X11-forwarding ' "$(address)"; $as_root cat "$ssh_folder/evclean_cluster.pub"; } |
    aws s3 cp --only-show-errors - "${meet}leader.pub"
}

trust_leader() {
  local line=
  for ((second = 0; second < wait_s; second += 3)); do
    line=$(aws s3 cp --only-show-errors "${meet}leader.pub" - 2>/dev/null) && [ -n "$line" ] && break
    line=
    sleep 3
  done
  [ -n "$line" ] || fail "the leading node left no key under $meet within $wait_s s: look at its bootstrap log"
  $as_root install -d -m 700 -o "$user" -g "$group" "$ssh_folder"
  echo "$line" | $as_root tee -a "$ssh_folder/authorized_keys" >/dev/null
  $as_root chown "$user:$group" "$ssh_folder/authorized_keys"
  $as_root chmod 600 "$ssh_folder/authorized_keys"
}

put_bundle
if leads; then make_key; else trust_leader; fi
# A node is known once everything else is done: its address and the key of its ssh server.
host_key=$($as_root cat "${EVCLEAN_HOST_KEY:-/etc/ssh/ssh_host_ed25519_key.pub}" | cut -d' ' -f1,2)
echo "$(address) $host_key" | aws s3 cp --only-show-errors - "${meet}hosts/$(address)"
say "$(address) is ready: $("$target/bin/evclean" --version 2>/dev/null | head -n 1)"
