#!/bin/bash
# Ends what runs on the hosts of hosts_up.sh, and the hosts. Only processes inside these namespaces are touched.
# usage: hosts_down.sh FOLDER
set -u
folder=$(realpath "$1")
read -r prefix count <"$folder/hosts.made" || exit 0
for i in $(seq "$count"); do
  for pid in $(ip netns pids "$prefix$i" 2>/dev/null); do kill -KILL "$pid" 2>/dev/null; done
  ip netns del "$prefix$i" 2>/dev/null
done
for pid in $(ip netns pids "${prefix}hub" 2>/dev/null); do kill -KILL "$pid" 2>/dev/null; done
ip netns del "${prefix}hub" 2>/dev/null
rm -f "$folder/hosts.made"
