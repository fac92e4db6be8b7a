# SPDX-License-Identifier: Apache-2.0
"""Writes the inputs that fuzzing begins with: small dirty files of the benchmark's generator, the same compressed, cut and
with a wrong byte, and the project's own jobs.

usage: tests/fuzz/seed_corpus.py GENERATE_EVENTS [CORPUS]
"""

import bz2
import gzip
import lzma
import pathlib
import re
import subprocess
import sys
import tempfile

ROOT = pathlib.Path(__file__).resolve().parents[2]
CORPUS = ROOT / "tests" / "fuzz" / "corpus"
BYTES = "2500"
TARGETS = {"combined": ["combined", "vcombined", "auto"], "json": ["json", "caddy", "auto"], "csv": ["csv", "csv-auto-header", "tsv", "auto"]}


def generated(generator, fmt, seed, dirt):
    with tempfile.TemporaryDirectory() as folder:
        path = pathlib.Path(folder) / "x"
        subprocess.run([generator, "--format", fmt, "--bytes", BYTES, "--seed", str(seed), "--dirt", dirt, "--output", path,
                        "--long-line", "5000", "--drift-from", "3"], check=True)
        return path.read_bytes()


def filtered(command, data):
    return subprocess.run(command, input=data, capture_output=True, check=True).stdout


PACK = {"gzip": lambda data: gzip.compress(data, 6, mtime=0), "bzip2": bz2.compress, "xz": lzma.compress,
        "zstd": lambda data: filtered(["zstd", "-qc"], data), "lz4": lambda data: filtered(["lz4", "-qc"], data)}


def texts(generator):
    """By format, and by name within it."""
    made = {fmt: {f"{dirt}-{seed}": generated(generator, fmt, seed, dirt) for dirt, seed in (("none", 1), ("real", 2), ("stress", 3), ("stress", 4))}
            for fmt in TARGETS}
    csv = made["csv"]["none-1"]
    made["csv"]["semicolons"] = csv.replace(b",", b";")
    made["csv"]["cr"] = csv.replace(b"\n", b"\r")
    made["csv"]["zeek"] = (b"#separator \\x09\n#fields\tts\tid.orig_h\tmsg\n#types\ttime\taddr\tstring\n"
                           b"1.5\t10.0.0.1\tsay \"hi\n2.5\t::1\t\"x\n#close\t2024-04-12-19-29-12\n")
    lines = made["json"]["none-1"].splitlines()
    made["json"]["array"] = b"[" + b",\n ".join(lines) + b"]"
    made["json"]["one-after-another"] = b" ".join(lines)
    made["json"]["surrogates"] = b'{"a":"\\ud83d\\ude00 \\ud83d x \\udc00","a":18446744073709551616,"b":{"c":[{}]}}\n{"b.c":-0}\n'
    return made


def streams(text):
    """A stream whole, twice, cut off, and with one bit wrong."""
    for name, pack in PACK.items():
        whole = pack(text)
        wrong = bytearray(whole)
        wrong[len(wrong) // 2] ^= 4
        for kind, data in (("whole", whole), ("twice", whole + pack(text[::-1])), ("cut", whole[:len(whole) * 2 // 3]), ("wrong", bytes(wrong)),
                           ("garbage", whole + b"garbage")):
            yield name, kind, data


def main():
    generator = sys.argv[1]
    corpus = pathlib.Path(sys.argv[2]) if len(sys.argv) > 2 else CORPUS
    files = {}
    for fmt, named in texts(generator).items():
        for name, data in named.items():
            for target in TARGETS[fmt]:
                files[target, name] = data
    for name, kind, data in streams(files["combined", "real-2"][:1200]):
        files[name, kind] = data
    files["plain", "utf-16"] = "\ufeff{\"a\": \"é🙂\"}\n".encode("utf-16-le")
    for job in sorted((ROOT / "jobs").glob("*.yml")):
        files["job", job.stem] = job.read_bytes()
    expressions = re.findall(r'"([^"\n]*(?: in | = | and |\()[^"\n]*)"', "".join(path.read_text() for path in sorted((ROOT / "jobs").glob("*.yml"))))
    for number, text in enumerate(sorted(set(expressions))):
        files["expression", f"job-{number:02}"] = text.encode()
    for (target, name), data in files.items():
        path = corpus / target / f"seed-{name}"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)
    print(f"{len(files)} inputs, {sum(map(len, files.values()))} bytes")


if __name__ == "__main__":
    main()
