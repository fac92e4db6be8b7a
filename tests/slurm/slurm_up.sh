#!/bin/bash
# Starts a private Slurm on this machine: munge, slurmctld and some slurmd, each a node of its own to Slurm. Everything
# lives in FOLDER, nothing in /etc. usage: slurm_up.sh FOLDER NODES; stop with slurm_down.sh FOLDER
set -eu
mkdir -p "$1"
folder=$(realpath "$1")
nodes=$2
host=$(hostname -s)
user=$(id -un)
port=$((20000 + $$ % 20000))
PATH=$PATH:/usr/sbin:/sbin
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

munged --force --key-file=munge/key --socket="$folder/run/munge.sock" --pid-file="$folder/run/munged.pid" \
  --log-file="$folder/log/munged.log" --seed-file="$folder/munge/seed" --num-threads=2
for _ in $(seq 200); do
  munge -S "$folder/run/munge.sock" -n >/dev/null 2>&1 && break
  sleep 0.05
done
slurmctld -c
for i in $(seq "$nodes"); do slurmd -N "n$i"; done
for _ in $(seq 600); do
  [ "$(sinfo -h -N -o %t 2>/dev/null | grep -cx idle)" = "$nodes" ] && exit 0
  sleep 0.05
done
echo "slurm_up: the nodes did not become idle" >&2
sinfo -Nl >&2 || true
tail -n 5 log/*.log >&2
exit 1
