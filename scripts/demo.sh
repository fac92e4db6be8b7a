#!/bin/sh
# Makes a dirty sample, runs the main job on it with two ranks and shows what came out. usage: scripts/demo.sh FOLDER
set -eu
cd "$(dirname "$0")/.."
export HWLOC_HIDE_ERRORS=2 # mpirun would speak of a missing /sys among what is shown here
folder=$1
columns=${COLUMNS:-160}

say() { printf '\n\033[1m== %s ==\033[0m\n' "$1"; }
[ -t 1 ] || say() { printf '\n== %s ==\n' "$1"; }

# Two ranks on any machine: a container with one core, root or not.
export OMPI_ALLOW_RUN_AS_ROOT=1 OMPI_ALLOW_RUN_AS_ROOT_CONFIRM=1
export OMPI_MCA_rmaps_base_oversubscribe=1 OMPI_MCA_hwloc_base_binding_policy=none OMPI_MCA_mpi_yield_when_idle=1

# The samples of the three jobs in jobs/. The access log is dirtier than real ones, so that there is
# something to see: malformed lines, binary requests, repeated lines, bytes that are not UTF-8, NUL.
make_samples() {
  scripts/build.sh "$folder" generate_events
  mkdir -p out/sample
  "$folder/bench/generate_events" --format combined --bytes 30M --files 3 --output out/sample/access.log \
    --truth out/sample/access-truth.json --rate malformed=0.2% --rate blank=0.02% --rate escapes=0.1% \
    --rate duplicates=1% --rate invalid_utf8=0.05% --rate nul=0.01%
  "$folder/bench/generate_events" --format json --bytes 6M --files 2 --output out/sample/events.jsonl \
    --truth out/sample/events-truth.json --rate malformed=0.2% --rate drift=1%
  "$folder/bench/generate_events" --format csv --bytes 4M --files 2 --output out/sample/orders.csv \
    --truth out/sample/orders-truth.json --rate malformed=0.2% --rate ragged=1% --rate repeated_header=0.1% \
    --rate drift=0.5%
}

# The generator knows what is in the sample; the ledger must say the same.
compare_with_truth() {
  python3 - out/sample/access-truth.json out/report.json <<'PYTHON'
import json, sys
truth, report = (json.load(open(path)) for path in sys.argv[1:])
ledger, made = report["ledger"], truth["ledger"]
kept = truth["rows"]["get_or_post_not_304"]
expected = {"lines": made["lines"], "kept": kept, "filtered": made["rows"] - kept, "rejected": made["rejected"], "blank": made["blank"]}
if ledger != expected:
    sys.exit(f"the ledger says {ledger},\nthe generator made {expected}")
print("the generator made exactly this: " + ", ".join(f"{name} {count:,}" for name, count in expected.items()))
PYTHON
}

say "a sample in out/sample"
make_samples
ls -lh out/sample | awk 'NR > 1 { print $5 "\t" $9 }'

say "the job: jobs/access_log.yml"
sed -n '/^job:/,/^tests:/p' jobs/access_log.yml | sed '/^tests:/d'

say "mpirun -np 2 $folder/evclean run jobs/access_log.yml --overwrite --report out/report.json"
mpirun -np 2 "$folder/evclean" run jobs/access_log.yml --overwrite --report out/report.json

say "the first rows of out/access.csv.zst"
zstd -dcq out/access.csv.zst 2>/dev/null | head -n 6 | cut -c "1-$columns"

say "the ledger against the truth"
compare_with_truth

say "where the files are"
ls -lh out/access.csv.zst out/access.h5 out/access.parquet out/access-rejects.jsonl out/report.json |
  awk '{ print $5 "\t" $9 }'
cat <<TEXT

next: pandas.read_hdf('out/access.h5') or pandas.read_parquet('out/access.parquet')
      $folder/evclean preview jobs/access_log.yml                    rows before and after
      $folder/evclean test jobs/access_log.yml                       the job's own tests
      $folder/evclean run jobs/json_events.yml --overwrite           the other jobs: json_events, messy_csv
      $folder/evclean run jobs/access_log.yml --overwrite --set 'input.paths=/var/log/nginx/access.log*'    your own logs
TEXT
