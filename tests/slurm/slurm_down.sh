#!/bin/bash
# Stops what slurm_up.sh started, by its own pid files. usage: slurm_down.sh FOLDER
set -u
folder=$(realpath "$1")
export SLURM_CONF=$folder/slurm.conf
scancel -u "$(id -un)" 2>/dev/null
for daemon in "$folder"/run/slurmd.*.pid "$folder"/run/slurmctld.pid "$folder"/run/munged.pid; do
  [ -s "$daemon" ] && kill "$(cat "$daemon")" 2>/dev/null
done
for _ in $(seq 200); do
  ls "$folder"/run/*.pid >/dev/null 2>&1 || exit 0
  sleep 0.05
done
echo "slurm_down: still there: $(ls "$folder"/run/*.pid)" >&2
exit 1
