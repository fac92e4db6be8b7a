# SPDX-License-Identifier: Apache-2.0
"""Measures the main job beside its peers and limits, after comparing what they wrote. See bench/README.md.

usage: bench/run.sh BUILD [--runs 5] [--size 750M] [--big]
"""

import argparse
import datetime
import hashlib
import json
import os
import pathlib
import statistics
import subprocess
import sys
import tempfile
import time

ROOT = pathlib.Path(__file__).resolve().parent.parent
BENCH = ROOT / "bench"
DATA = BENCH / "data"
JOB = "bench/access.yml"
ENVIRONMENT = os.environ | {
    "OMPI_ALLOW_RUN_AS_ROOT": "1", "OMPI_ALLOW_RUN_AS_ROOT_CONFIRM": "1", "OMPI_MCA_rmaps_base_oversubscribe": "1",
    "OMPI_MCA_hwloc_base_binding_policy": "none", "POLARS_MAX_THREADS": "2"}


class BenchError(Exception):
    """What makes the figures worthless."""


def run(command: list[str]) -> str:
    done = subprocess.run(command, cwd=ROOT, env=ENVIRONMENT, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise BenchError(f"{' '.join(command)}\nended with {done.returncode}:\n{done.stderr[-3000:]}")
    return done.stdout


# ---- what is run ----------------------------------------------------------------------------------------------------

def evclean_command(build: str, ranks: int, inputs: list[str], output: str, report: str, wrapper: list[str]) -> list[str]:
    return ["mpirun", "-np", str(ranks), *wrapper, f"{build}/evclean", "run", JOB, "--overwrite", "--progress", "none",
            "--report", report, "--set", f"input.paths=[{', '.join(inputs)}]", "--set", f"output.path={output}"]


def run_evclean(build: str, ranks: int, inputs: list[str], output: str) -> dict:
    """Seconds from barrier to barrier as the report says, and the wall clock of the whole command, mpirun included."""
    report = str(DATA / "report.json")
    begin = time.perf_counter()
    run(evclean_command(build, ranks, inputs, output, report, []))
    wall = time.perf_counter() - begin
    said = json.loads(pathlib.Path(report).read_text(encoding="utf-8"))
    return {"seconds": said["seconds"], "wall": wall, "ledger": said["ledger"]}


def run_polars(method: str, log: str, output: str, classes: str) -> dict:
    begin = time.perf_counter()
    said = json.loads(run([sys.executable, "bench/polars_access.py", method, log, output, classes]))
    return said | {"wall": time.perf_counter() - begin}


def run_limit(build: str, stage: str, path: str) -> dict:
    return json.loads(run([f"{build}/bench/bench_limits", stage, "2", path]))


def rank_memory(build: str, ranks: int, inputs: list[str], output: str) -> list[int]:
    with tempfile.TemporaryDirectory() as folder:
        wrapper = ["/usr/bin/python3", str(BENCH / "rank_memory.py"), folder]
        run(evclean_command(str(pathlib.Path(build).resolve()), ranks, inputs, output, str(DATA / "report.json"), wrapper))
        return [int((pathlib.Path(folder) / f"rank-{rank}").read_text()) for rank in range(ranks)]


# ---- input ----------------------------------------------------------------------------------------------------------

def make_input(build: str, name: str, size: str, files: int) -> list[str]:
    """Made once; the command that made it stands beside it, and another command makes it again."""
    DATA.mkdir(exist_ok=True)
    command = [f"{build}/bench/generate_events", "--format", "combined", "--bytes", size, "--files", str(files),
               "--seed", "1", "--dirt", "real", "--output", str(DATA / f"{name}.log"), "--truth", str(DATA / f"{name}.truth.json")]
    stamp = DATA / f"{name}.command"
    program = hashlib.sha256((ROOT / build / "bench/generate_events").read_bytes()).hexdigest()
    wanted = " ".join(command[1:]) + "\n" + program + "\n"
    if not stamp.exists() or stamp.read_text(encoding="utf-8") != wanted:
        print(f"making {size} of access log: bench/data/{name}*.log", flush=True)
        run(command)
        stamp.write_text(wanted, encoding="utf-8")
    paths = [DATA / f"{name}.log"] if files == 1 else sorted(DATA.glob(f"{name}-*.log"))
    return [str(path) for path in paths]


def make_classes(build: str) -> str:
    """The class of each of the generator's agents, by evclean: Polars is given them."""
    path = DATA / "classes.csv"
    job = DATA / "classes.yml"
    job.write_text(f"input: {{paths: {BENCH}/generate/user_agents.txt, format: lines}}\n"
                   "steps:\n  - set: {device: device_class(line)}\n"
                   f"output: {{path: {path}}}\n", encoding="utf-8")
    run([f"{build}/evclean", "run", str(job), "--overwrite", "--progress", "none"])
    import polars
    classes = DATA / "classes.tsv"
    polars.read_csv(path).write_csv(classes, separator="\t", include_header=False, quote_style="never")
    return str(classes)


# ---- the check ------------------------------------------------------------------------------------------------------

def text_hash(path: str) -> str:
    """Of the text inside a .zst file."""
    digest = hashlib.sha256()
    with subprocess.Popen(["zstd", "-dcq", path], stdout=subprocess.PIPE) as process:
        while block := process.stdout.read(1 << 20):
            digest.update(block)
    if process.returncode != 0:
        raise BenchError(f"{path} does not decompress")
    return digest.hexdigest()


def first_difference(left: str, right: str) -> str:
    with subprocess.Popen(["zstd", "-dcq", left], stdout=subprocess.PIPE) as a, \
         subprocess.Popen(["zstd", "-dcq", right], stdout=subprocess.PIPE) as b:
        for number, (x, y) in enumerate(zip(a.stdout, b.stdout), 1):
            if x != y:
                a.kill(), b.kill()
                return f"line {number}:\n  {left}: {x!r}\n  {right}: {y!r}"
    return "one is longer"


def compare_outputs(truth: dict, ledger: dict, outputs: dict[str, str]) -> None:
    """All outputs hold the same text, and it has the rows that the generator made."""
    rows = truth["rows"]["get_or_post_not_304"]
    expected = {"lines": truth["ledger"]["lines"], "kept": rows, "filtered": truth["ledger"]["rows"] - rows,
                "rejected": truth["ledger"]["rejected"], "blank": truth["ledger"]["blank"]}
    if ledger != expected:
        raise BenchError(f"the ledger is wrong: {ledger}, made were {expected}")
    hashes = {name: text_hash(path) for name, path in outputs.items()}
    (first, reference), *others = hashes.items()
    for name, found in others:
        if found != reference:
            raise BenchError(f"{first} and {name} differ: {first_difference(outputs[first], outputs[name])}")
    sizes = ", ".join(f"{name} {os.path.getsize(path) / 1e6:.1f} MB" for name, path in outputs.items())
    print(f"outputs compared: {rows:,} rows, the same text byte for byte, ledger as generated ({sizes})\n", flush=True)


# ---- figures --------------------------------------------------------------------------------------------------------

def first_line(command: list[str]) -> str:
    return run(command).splitlines()[0]


def header(build: str, inputs: list[str]) -> dict:
    cpu = next((line.split(":", 1)[1].strip() for line in open("/proc/cpuinfo", encoding="utf-8") if "model name" in line), "?")
    dirty = bool(run(["git", "status", "--porcelain", "--untracked-files=no"]).strip())
    import polars
    return {"date": datetime.datetime.now(datetime.timezone.utc).isoformat(timespec="seconds"),
            "commit": run(["git", "rev-parse", "--short", "HEAD"]).strip() + (" with changes" if dirty else ""),
            "compiler": first_line(["g++", "--version"]), "flags": cmake_value(build, "EVCLEAN_ARCH"),
            "cpu": f"{cpu}, {os.cpu_count()} cores", "load": "%.1f %.1f %.1f" % os.getloadavg(),
            "polars": polars.__version__, "input": f"{sum(map(os.path.getsize, inputs)) / 1e6:.0f} MB",
            "command": " ".join(evclean_command(build, 2, [os.path.relpath(path, ROOT) for path in inputs],
                                                "bench/data/evclean2.csv.zst", "bench/data/report.json", []))}


def cmake_value(build: str, name: str) -> str:
    cache = (ROOT / build / "CMakeCache.txt").read_text(encoding="utf-8")
    return next((line.split("=", 1)[1] for line in cache.splitlines() if line.startswith(name + ":")), "?")


def spread(values: list[float]) -> dict:
    return {"min": min(values), "median": statistics.median(values), "max": max(values)}


def measure(cases: dict, runs: int) -> dict[str, dict]:
    """Takes the cases in turn, so that a noisy minute touches all of them."""
    seconds: dict[str, list[float]] = {name: [] for name in cases}
    walls: dict[str, list[float]] = {name: [] for name in cases}
    for number in range(runs):
        for name, case in cases.items():
            if sys.stderr.isatty():
                print(f"\rrun {number + 1} of {runs}: {name:<32}", end="", file=sys.stderr, flush=True)
            result = case()
            seconds[name].append(result["seconds"])
            walls[name].append(result.get("wall", result["seconds"]))
    if sys.stderr.isatty():
        print("\r" + " " * 60 + "\r", end="", file=sys.stderr)
    return {name: {"seconds": spread(seconds[name]), "wall": spread(walls[name])} for name in cases}


def print_table(figures: dict[str, dict], text_bytes: dict[str, int]) -> None:
    print(f"{'':<34}{'seconds: min':>13}{'median':>9}{'max':>9}{'MB/s':>8}{'whole command':>16}")
    for name, figure in figures.items():
        own, wall = figure["seconds"], figure["wall"]
        rate = text_bytes[name] / own["median"] / 1e6
        print(f"{name:<34}{own['min']:>13.2f}{own['median']:>9.2f}{own['max']:>9.2f}{rate:>8.0f}{wall['median']:>16.2f}")


def save(record: dict) -> None:
    folder = BENCH / "results"
    folder.mkdir(exist_ok=True)
    path = folder / f"{record['header']['date'][:10]}.jsonl"
    with open(path, "a", encoding="utf-8") as out:
        out.write(json.dumps(record) + "\n")
    print(f"\nsaved in {path.relative_to(ROOT)}")


def ratios(figures: dict[str, dict]) -> dict[str, float]:
    def median(name: str) -> float:
        return figures[name]["seconds"]["median"]

    return {"times as fast as Polars (regex)": median("polars, 2 threads, regex") / median("evclean, 2 ranks"),
            "times as fast as Polars (split)": median("polars, 2 threads, split") / median("evclean, 2 ranks"),
            "2 ranks against 1": median("evclean, 1 rank") / median("evclean, 2 ranks")}


def measure_main(build: str, size: str, runs: int) -> dict:
    inputs = make_input(build, f"access-{size}", size, 1)
    log = inputs[0]
    truth = json.loads((DATA / f"access-{size}.truth.json").read_text(encoding="utf-8"))
    said = header(build, inputs)
    for name, value in said.items():
        print(f"{name:<9} {value}")
    print(flush=True)
    classes = make_classes(build)
    outputs = {"evclean, 1 rank": str(DATA / "evclean1.csv.zst"), "evclean, 2 ranks": str(DATA / "evclean2.csv.zst"),
               "polars, 2 threads, regex": str(DATA / "polars-regex.csv.zst"),
               "polars, 2 threads, split": str(DATA / "polars-split.csv.zst")}
    cases = {"evclean, 1 rank": lambda: run_evclean(build, 1, inputs, outputs["evclean, 1 rank"]),
             "evclean, 2 ranks": lambda: run_evclean(build, 2, inputs, outputs["evclean, 2 ranks"]),
             "polars, 2 threads, regex": lambda: run_polars("regex", log, outputs["polars, 2 threads, regex"], classes),
             "polars, 2 threads, split": lambda: run_polars("split", log, outputs["polars, 2 threads, split"], classes)}
    ledger = {name: case() for name, case in cases.items()}["evclean, 2 ranks"]["ledger"]  # warms the page cache too
    compare_outputs(truth, ledger, outputs)
    plain = str(DATA / "output.csv")
    run(["zstd", "-dqf", outputs["evclean, 2 ranks"], "-o", plain])
    cases |= {"PCRE2-JIT alone, 2 processes": lambda: run_limit(build, "pcre2", log),
              "zstd 3 alone, 2 processes": lambda: run_limit(build, "zstd", plain)}
    figures = measure(cases, runs)
    print_table(figures, {name: os.path.getsize(plain if name.startswith("zstd") else log) for name in cases})
    found = ratios(figures)
    print()
    for name, value in found.items():
        print(f"{value:6.2f} {name}")
    return {"header": said, "figures": figures, "ratios": found}


def measure_memory(build: str, size: str, big: bool) -> dict[str, int]:
    """Of all ranks together, at resources.memory: 256MiB."""
    peaks = {}
    sets = {size: make_input(build, f"access-{size}", size, 1)}
    if big:
        number = size.rstrip("kMG")
        ten = f"{10 * int(number)}{size[len(number):]}"
        sets[ten] = make_input(build, f"access-{ten}", ten, 10)
    for name, inputs in sets.items():
        ranks = rank_memory(build, 2, inputs, str(DATA / "memory.csv.zst"))
        peaks[name] = sum(ranks)
        print(f"{sum(ranks) / 1e6:6.0f} MB peak memory of 2 ranks together for {name} (" +
              " + ".join(f"{one / 1e6:.0f}" for one in ranks) + ")", flush=True)
    if big:
        first, second = peaks.values()
        print(f"{second / first:6.2f} times the memory for ten times the input")
    return peaks


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--build", default="build")
    parser.add_argument("--runs", type=int, default=5)
    parser.add_argument("--size", default="750M", help="of the input, in bytes: a number with k, M or G")
    parser.add_argument("--big", action="store_true", help="peak memory for ten times the input too (7.5 GB of disk)")
    options = parser.parse_args()
    try:
        record = measure_main(options.build, options.size, options.runs)
        record["peak_memory_bytes"] = measure_memory(options.build, options.size, options.big)
    except BenchError as error:
        print(f"bench: {error}", file=sys.stderr)
        return 1
    save(record)
    return 0


if __name__ == "__main__":
    sys.exit(main())
