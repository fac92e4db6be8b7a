#!/bin/bash
# `make demo` in a Debian 12 that has nothing but apt, make and git: it must install what it needs, build and run.
# Prints "ok NAME" or "not ok NAME" a test. usage: bare_root_test.sh BUILD (which is not used; needs root and mmdebstrap)
set -u
root=$(realpath "$(dirname "$0")/../..")
bare=$(mktemp -d /var/tmp/evclean-bare.XXXXXX)
work=$(mktemp -d)

unmount() { ! mountpoint -q "$1" || umount "$1" || umount -l "$1"; }
clean_up() {
  unmount "$bare/dev/shm"
  unmount "$bare/proc"
  rm -rf --one-file-system "$bare"
  rm -rf "$work"
}
trap clean_up EXIT

if [ "$(id -u)" != 0 ]; then
  echo "not ok a bare root can be made: this test needs root (chroot)"
  exit 0
fi

# apt inside must reach what apt outside reaches: the same sources, proxies and certificates.
make_root() {
  local sources=() file
  for file in /etc/apt/sources.list /etc/apt/sources.list.d/*.list /etc/apt/sources.list.d/*.sources; do
    [ ! -s "$file" ] || ! grep -q debian "$file" || sources+=("$file")
  done
  # shellcheck disable=SC2046  # options are words
  mmdebstrap --variant=apt --include=ca-certificates,make,git $(grep -lsr -i 'acquire' /etc/apt/apt.conf /etc/apt/apt.conf.d |
    sed 's/^/--aptopt=/') bookworm "$bare" "${sources[@]}" &&
    cp -a /etc/apt/apt.conf.d/. "$bare/etc/apt/apt.conf.d/" &&
    cp -L /etc/resolv.conf /etc/hosts "$bare/etc/" &&
    { [ ! -e /etc/pip.conf ] || cp /etc/pip.conf "$bare/etc/"; } &&
    { [ ! -d /usr/local/share/ca-certificates ] || cp -a /usr/local/share/ca-certificates/. "$bare/usr/local/share/ca-certificates/"; } &&
    chroot "$bare" update-ca-certificates
}

# The commit, not the working tree: what a user gets.
# At the same place as here: what is compiled names its sources by their paths.
clone() { mkdir -p "$bare$root" && git -c safe.directory='*' clone -q --no-hardlinks "$root" "$bare$root"; }

# What this machine has compiled before is not compiled again: ccache gives it only where compiler, flags and every header are
# the same, so a package that is missing shows as before.
lend_ccache() {
  local cache
  cache=$(ccache --get-config cache_dir 2>/dev/null) && [ -d "$cache" ] || return 0
  mkdir -p "$bare/root/.cache"
  cp -al "$cache" "$bare/root/.cache/ccache" 2>/dev/null || { rm -rf "$bare/root/.cache/ccache" && cp -a "$cache" "$bare/root/.cache/ccache"; }
}

# Package settings of the host come along (proxies, pip's index and certificates), nothing else does.
in_root() {
  local settings
  settings=$(env | grep -iE '^(https?_proxy|no_proxy|ftp_proxy|all_proxy|pip_[a-z_]*|ssl_cert_file|requests_ca_bundle)=' || true)
  local words=()
  [ -z "$settings" ] || mapfile -t words <<<"$settings"
  env -i HOME=/root PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin LANG=C.UTF-8 "${words[@]}" \
    chroot "$bare" "$@"
}

. "$root/tests/peers/check.sh"

demo() { in_root make -C "$root" demo; }
says_the_truth() { grep -q 'the generator made exactly this' "$work/demo.log" && grep -q access.h5 "$work/demo.log"; }
second_time() { in_root make -C "$root" demo && ! grep -q 'setup: installing' "$work/check.log"; }

check "a bare root is made" make_root || exit 0
mount -t proc proc "$bare/proc"
mount -t tmpfs tmpfs "$bare/dev/shm"
check "the repository is cloned" clone || exit 0
check "what is compiled already is lent" lend_ccache
check "make demo" demo || exit 0
cp "$work/check.log" "$work/demo.log"
check "make demo shows rows, files, and a ledger that is true" says_the_truth
check "make demo again installs nothing" second_time
