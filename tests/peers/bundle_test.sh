#!/bin/bash
# The bundle on bare nodes: in a root that holds nothing else at all, and over ssh between two hosts whose root has libc and
# ssh alone. Prints "ok NAME" or "not ok NAME" a test. usage: bundle_test.sh BUILD (needs root, mmdebstrap, iproute2)
set -u
root=$(realpath "$(dirname "$0")/../..")
build=$(cd "$root" && realpath "$1")
if [ "$(id -u)" != 0 ]; then
  echo "not ok bare nodes can be made: this test needs root (chroot, namespaces)"
  exit 0
fi
work=$(mktemp -d /var/tmp/evclean-bundle.XXXXXX)
hosts=$work/hosts
empty=$work/empty
bare=$work/bare
export OMPI_ALLOW_RUN_AS_ROOT=1 OMPI_ALLOW_RUN_AS_ROOT_CONFIRM=1 PATH=$PATH:/usr/sbin:/sbin
clean_up() {
  [ ! -e "$hosts/hosts.made" ] || "$root/tests/hosts/hosts_down.sh" "$hosts"
  rm -rf --one-file-system "$work"
}
trap clean_up EXIT

. "$root/tests/peers/check.sh"

make_bundle() {
  "$root/scripts/make-bundle.sh" "$build" && cp "$build/evclean-bundle.tar.gz" "$work/first.tar.gz" &&
    [ "$(stat -c %s "$work/first.tar.gz")" -lt $((150 << 20)) ]
}
same_again() { "$root/scripts/make-bundle.sh" "$build" && cmp "$build/evclean-bundle.tar.gz" "$work/first.tar.gz"; }
# Neither where it was built nor whose machine it was.
no_paths() {
  mkdir "$work/open" && tar -xzf "$work/first.tar.gz" -C "$work/open" && ! grep -rlaF "$build" "$work/open" && ! grep -rlaF "$root/.venv" "$work/open"
}

nodes_of() {  # FOLDER: the devices that every system has
  mkdir -p "$1"/{proc,dev/shm,tmp,var/tmp,srv,opt,etc,run/sshd,root}
  chmod 1777 "$1/tmp" "$1/var/tmp"
  mknod -m 666 "$1/dev/null" c 1 3
  mknod -m 666 "$1/dev/zero" c 1 5
  mknod -m 666 "$1/dev/urandom" c 1 9
  mknod -m 666 "$1/dev/random" c 1 8
  tar -xzf "$work/first.tar.gz" -C "$1/opt"
  cp "$root/jobs/access_log.yml" "$work/access.log" "$1/srv/"
}
in_empty() { # a mount namespace of its own: nothing to unmount
  unshare -m bash -c 'mount --make-rprivate / && mount -t proc proc "$1/proc" && mount -t tmpfs shm "$1/dev/shm" && cd / &&
    exec env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin OMPI_ALLOW_RUN_AS_ROOT=1 OMPI_ALLOW_RUN_AS_ROOT_CONFIRM=1 chroot "$@"' x "$empty" "$@"
}
job=(run /srv/access_log.yml --set input.paths=/srv/access.log --progress none)
in_nothing() { nodes_of "$empty" && [ ! -e "$empty/bin/sh" ] && in_empty /opt/evclean/bin/evclean --version | grep -q '^evclean '; }
two_ranks_in_nothing() {
  in_empty /opt/evclean/bin/mpirun --oversubscribe -np 2 -wdir /srv /opt/evclean/bin/evclean "${job[@]}" && same_as_local "$empty/srv"
}
moved() {
  mv "$empty/opt/evclean" "$empty/opt/else where" &&
    in_empty "/opt/else where/bin/evclean" functions url_host | grep -q url_host && mv "$empty/opt/else where" "$empty/opt/evclean"
}
time_zones() {  # the zones come along
  printf 'when\n2026-07-01 12:00:00\n' >"$empty/srv/when.csv"
  printf 'input: {paths: /srv/when.csv, timezone: Europe/Berlin}\noutput: /srv/when-out.csv\n' >"$empty/srv/when.yml"
  in_empty /opt/evclean/bin/evclean run /srv/when.yml && grep -qx '2026-07-01 10:00:00' "$empty/srv/when-out.csv"
}
same_as_local() {
  cmp "$work/local/out/access.csv.zst" "$1/out/access.csv.zst" && cmp "$work/local/out/access.parquet" "$1/out/access.parquet" &&
    h5diff "$work/local/out/access.h5" "$1/out/access.h5"
}

make_bare() {
  local sources=() file
  for file in /etc/apt/sources.list /etc/apt/sources.list.d/*.list /etc/apt/sources.list.d/*.sources; do
    [ ! -s "$file" ] || ! grep -q debian "$file" || sources+=("$file")
  done
  # shellcheck disable=SC2046  # options are words
  mmdebstrap --variant=extract --include=libc6,dash,openssh-client,openssh-server $(grep -lsr -i 'acquire' /etc/apt/apt.conf /etc/apt/apt.conf.d |
    sed 's/^/--aptopt=/') bookworm "$bare" "${sources[@]}" || return 1
  nodes_of "$bare"
  printf 'root:x:0:0:root:/root:/bin/sh\nsshd:x:100:65534::/run/sshd:/usr/sbin/nologin\n' >"$bare/etc/passwd"
  printf 'root:x:0:\nnogroup:x:65534:\n' >"$bare/etc/group"
  printf '127.0.0.1 localhost\n10.77.0.1 evh1\n10.77.0.2 evh2\n' >"$bare/etc/hosts"
  [ -e "$bare/bin/sh" ] || ln -s dash "$bare/bin/sh"
  mkdir -p -m 700 "$bare/root/.ssh"
  ssh-keygen -q -t ed25519 -N '' -f "$bare/root/.ssh/id_ed25519"
  cp "$bare/root/.ssh/id_ed25519.pub" "$bare/root/.ssh/authorized_keys"
  ssh-keygen -q -t ed25519 -N '' -f "$bare/etc/ssh/host_key"
  echo "evh1,evh2 $(cut -d' ' -f1,2 "$bare/etc/ssh/host_key.pub")" >"$bare/root/.ssh/known_hosts"
  chown -R 0:0 "$bare/root"
  ls "$bare/usr/bin" | tr '\n' ' '
}
on_bare() {  # HOST COMMAND...: in the bare root on that host
  local host=$1
  shift
  nsenter -t "$(cat "$hosts/$host.pid")" -n -m -u -- env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin HOME=/root OMPI_ALLOW_RUN_AS_ROOT=1 \
    OMPI_ALLOW_RUN_AS_ROOT_CONFIRM=1 chroot "$bare" "$@"
}
start_hosts() {
  "$root/tests/hosts/hosts_up.sh" "$hosts" 2 || return 1
  local host
  for host in evh1 evh2; do
    nsenter -t "$(cat "$hosts/$host.pid")" -n -m -u -- sh -c "mount -t proc proc '$bare/proc' && mount -t tmpfs shm '$bare/dev/shm'" || return 1
    on_bare "$host" /usr/sbin/sshd -f /dev/null -h /etc/ssh/host_key -o UsePAM=no -o PermitRootLogin=prohibit-password -o PidFile=none || return 1
  done
  on_bare evh1 ssh -o BatchMode=yes evh2 'echo from $SSH_CONNECTION'
}
two_bare_hosts() {
  printf 'evh1 slots=2\nevh2 slots=2\n' >"$bare/srv/hostfile"
  on_bare evh1 /opt/evclean/bin/mpirun --hostfile /srv/hostfile -np 4 -wdir /srv /opt/evclean/bin/evclean "${job[@]}" --report /srv/report.json &&
    grep -q '4 ranks on evh1 (2), evh2 (2)' "$work/check.log" && same_as_local "$bare/srv"
}

"$build/bench/generate_events" --format combined --bytes 20M --output "$work/access.log" --rate malformed=0.1%
mkdir -p "$work/local"
(cd "$work/local" && "$build/evclean" run "$root/jobs/access_log.yml" --set "input.paths=$work/access.log" >"$work/local.log" 2>&1)
check "make bundle: below 150 MB" make_bundle || exit 0
check "the same build gives the same bundle, byte for byte" same_again
check "nothing in it names the machine that built it" no_paths
check "it runs in a root that holds nothing else, no libc and no shell" in_nothing
check "two ranks there write what the build writes" two_ranks_in_nothing
check "it runs from another place, with a blank in its name" moved
check "time zones come along" time_zones
check "a root with libc and ssh alone is made" make_bare || exit 0
check "two hosts with that root, ssh between them" start_hosts || exit 0
check "mpirun over ssh: four ranks on two bare hosts write what the build writes" two_bare_hosts
