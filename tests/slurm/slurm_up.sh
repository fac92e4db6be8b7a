#!/bin/bash
# Starts a private Slurm on this machine: munge, slurmctld and some slurmd, each a node of its own to Slurm. Everything
# lives in FOLDER, nothing in /etc. usage: slurm_up.sh FOLDER NODES; stop with slurm_down.sh FOLDER
set -eu
mkdir -p "$1"
folder=$(realpath "$1")
nodes=$2
host=$(hostname -s)
user=$(id -un)
ports_needed=$((11 + nodes))
PATH=$PATH:/usr/sbin:/sbin
# Ports side by side that nobody listens on, below those that the kernel gives to connections.
free_ports() {
  local low=32768 first port
  read -r low _ </proc/sys/net/ipv4/ip_local_port_range || true
  [ "$low" -gt 12000 ] || low=32768
  for try in $(seq 100); do
    first=$((10000 + ($$ * 37 + try * 211) % (low - 10000 - ports_needed)))
    for ((port = first; port < first + ports_needed; ++port)); do
      if (exec 3<>"/dev/tcp/127.0.0.1/$port") 2>/dev/null; then continue 2; fi
    done
    echo "$first"
    return 0
  done
  return 1
}
port=$(free_ports)
cd "$folder"
mkdir -p state log run munge
chmod 755 . run
chmod 700 munge
dd if=/dev/urandom of=munge/key bs=1024 count=1 status=none
chmod 600 munge/key

# Two nodes share a host name, so their temporary files must not (TmpFS); the first node that is idle is used at once.
cat >slurm.conf <<CONF
ClusterName=evclean-test
SlurmctldHost=$host(127.0.0.1)
SlurmUser=$user
SlurmdUser=$user
AuthType=auth/munge
CryptoType=crypto/munge
AuthInfo=socket=$folder/run/munge.sock
SlurmctldPort=$port
SlurmdPort=$((port + 1))
StateSaveLocation=$folder/state
SlurmdSpoolDir=$folder/spool/%n
SlurmctldPidFile=$folder/run/slurmctld.pid
SlurmdPidFile=$folder/run/slurmd.%n.pid
SlurmctldLogFile=$folder/log/slurmctld.log
SlurmdLogFile=$folder/log/slurmd.%n.log
SlurmctldDebug=debug
SlurmdDebug=debug
TmpFS=$folder/tmp/%n
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
SelectType=select/cons_tres
SelectTypeParameters=CR_CPU_Memory
SchedulerType=sched/backfill
SchedulerParameters=batch_sched_delay=0,sched_min_interval=0,bf_interval=1
AccountingStorageType=accounting_storage/none
JobAcctGatherType=jobacct_gather/linux
JobAcctGatherFrequency=1
JobAcctGatherParams=OverMemoryKill
PreemptType=preempt/partition_prio
PreemptMode=REQUEUE
JobCompType=jobcomp/none
ReturnToService=2
SlurmdTimeout=60
SlurmctldTimeout=60
KillWait=10
Waittime=0
MinJobAge=300
MpiDefault=none
SlurmdParameters=config_overrides
LaunchParameters=disable_send_gids
MailProg=/bin/true
CONF
for i in $(seq "$nodes"); do
  mkdir -p "tmp/n$i" "spool/n$i"
  echo "NodeName=n$i NodeHostname=$host NodeAddr=127.0.0.1 Port=$((port + 10 + i)) CPUs=2 RealMemory=4000 State=UNKNOWN" >>slurm.conf
done
echo "PartitionName=main Nodes=n[1-$nodes] Default=YES MaxTime=120 State=UP PriorityTier=1" >>slurm.conf
echo "PartitionName=urgent Nodes=n[1-$nodes] MaxTime=120 State=UP PriorityTier=10 PreemptMode=OFF" >>slurm.conf
export SLURM_CONF=$folder/slurm.conf

fail() { # WHY
  echo "slurm_up: $1" >&2
  sinfo -N -o '%N %P %T %C %H %E' >&2 || true
  tail -n 40 log/*.log >&2
  exit 1
}
# Waits until a command succeeds, at most so many seconds.
within() { # SECONDS COMMAND...
  local end=$((SECONDS + $1))
  shift
  until "$@"; do
    [ "$SECONDS" -lt "$end" ] || return 1
    sleep 0.05
  done
}
munge_answers() { munge -S "$folder/run/munge.sock" -n 2>/dev/null | unmunge -S "$folder/run/munge.sock" >/dev/null 2>&1; }
controller_answers() { scontrol ping 2>/dev/null | grep -q ' UP$'; }
# Each node once: sinfo has a line for each partition of a node. One that is down for whatever reason is asked again.
all_idle() {
  local states
  states=$(sinfo -h -N -o '%N %t' 2>/dev/null | sort -u) || return 1
  [ "$(grep -c ' idle$' <<<"$states")" != "$nodes" ] || return 0
  grep -E ' (down|drain|fail|err)' <<<"$states" | while read -r node _; do scontrol update nodename="$node" state=resume || true; done
  return 1
}

munged --force --key-file=munge/key --socket="$folder/run/munge.sock" --pid-file="$folder/run/munged.pid" \
  --log-file="$folder/log/munged.log" --seed-file="$folder/munge/seed" --num-threads=2
within 30 munge_answers || fail "munge does not answer"
# Nodes that start before the controller answers wait for a second, and their first word may be lost.
slurmctld -c
within 60 controller_answers || fail "slurmctld does not answer"
for i in $(seq "$nodes"); do slurmd -N "n$i"; done
within 120 all_idle || fail "the nodes did not become idle"
