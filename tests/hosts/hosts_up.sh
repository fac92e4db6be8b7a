#!/bin/bash
# Makes N hosts on this machine: each a network, UTS and mount namespace with an address of its own (10.77.0.I), a host name
# (evh1…), a /dev/shm and a /tmp, joined by a bridge that the machine itself is not on. They share the file system otherwise.
# usage: hosts_up.sh FOLDER N (as root); stop with hosts_down.sh FOLDER. FOLDER/on HOST COMMAND runs there, like ssh.
set -eu
mkdir -p "$1"
folder=$(realpath "$1")
count=$2
prefix=ev$$
echo "$prefix $count" >"$folder/hosts.made"

ip netns add "${prefix}hub"
ip -n "${prefix}hub" link set lo up
ip -n "${prefix}hub" link add br0 type bridge
ip -n "${prefix}hub" addr add 10.77.0.254/24 dev br0
ip -n "${prefix}hub" link set br0 up
{
  echo "127.0.0.1 localhost"
  for i in $(seq "$count"); do echo "10.77.0.$i evh$i"; done
} >"$folder/hosts"

for i in $(seq "$count"); do
  space=$prefix$i
  ip netns add "$space"
  ip link add "v$i" netns "${prefix}hub" type veth peer name eth0 netns "$space"
  ip -n "${prefix}hub" link set "v$i" master br0
  ip -n "${prefix}hub" link set "v$i" up
  ip -n "$space" addr add "10.77.0.$i/24" dev eth0
  ip -n "$space" link set eth0 up
  ip -n "$space" link set lo up
  mkdir -p "$folder/tmp/evh$i"
  chmod 1777 "$folder/tmp/evh$i"
  nsenter --net="/var/run/netns/$space" unshare -m -u bash -c "
    mount --make-rprivate /
    hostname evh$i
    mount --bind '$folder/hosts' /etc/hosts
    mount -t tmpfs -o size=1g shm /dev/shm
    echo ready >'$folder/evh$i.ready'
    exec sleep 7200" </dev/null >/dev/null 2>&1 &
  echo $! >"$folder/evh$i.pid"
done
for i in $(seq "$count"); do
  for _ in $(seq 200); do
    [ -e "$folder/evh$i.ready" ] && break
    sleep 0.05
  done
  [ -e "$folder/evh$i.ready" ] || { echo "hosts_up: evh$i did not come up" >&2; exit 1; }
done

# What mpirun takes for ssh: options are skipped, the command is run by a shell there.
cat >"$folder/on" <<ON
#!/bin/bash
while [ "\${1#-}" != "\$1" ]; do shift; done
host=\${1#*@}
shift
exec nsenter -t "\$(cat "$folder/\$host.pid")" -n -m -u -- /bin/sh -c "\$*"
ON
chmod +x "$folder/on"
