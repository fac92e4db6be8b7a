#!/bin/bash
# Tests that need heavy company: a real Slurm, a bare Debian root. Installs what they need; the last line is
# "N passed, N failed". usage: scripts/test-peers.sh FOLDER
set -u
cd "$(dirname "$0")/.." || exit 3
folder=$1

install_packages() {
  local missing=() package
  for package in "$@"; do
    [ "$(dpkg-query -W -f '${db:Status-Status}' "$package" 2>/dev/null)" = installed ] || missing+=("$package")
  done
  [ ${#missing[@]} -gt 0 ] || return 0
  local as_root=
  [ "$(id -u)" = 0 ] || as_root=sudo
  echo "test-peers: installing ${missing[*]}" >&2
  { $as_root apt-get update -q && $as_root env DEBIAN_FRONTEND=noninteractive apt-get install -y -q --no-install-recommends "${missing[@]}"; } \
    >"$log" 2>&1 || { tail -n 15 "$log" >&2; return 1; }
}

log=$(mktemp)
results=$(mktemp)
beside=$(mktemp)
trap 'rm -f "$log" "$results" "$beside"' EXIT
if ! install_packages slurm-wlm munge mmdebstrap iproute2 nftables openssh-client openssh-server postgresql openjdk-17-jre-headless; then
  echo "not ok the packages of these tests can be installed" | tee -a "$results"
else
  # A script that ends early must not look like one whose tests all passed.
  run_test() { timeout 3600 "$1" "$folder" || echo "not ok $1 ended early"; }
  # This one compiles, while most others wait for something.
  slow=tests/peers/bare_root_test.sh
  (renice -n 10 "$BASHPID" >/dev/null; run_test "$slow" >"$beside") &
  for test in tests/slurm/real_slurm_test.sh tests/peers/*_test.sh; do
    [ "$test" != "$slow" ] || continue
    echo "== $test" >&2
    run_test "$test" | tee -a "$results"
  done
  wait
  echo "== $slow" >&2
  tee -a "$results" <"$beside"
fi
passed=$(grep -c '^ok ' "$results")
failed=$(grep -c '^not ok ' "$results")
echo "$passed passed, $failed failed"
[ "$failed" = 0 ] && [ "$passed" -gt 0 ]
