# SPDX-License-Identifier: Apache-2.0
"""Large compressed files are read by several ranks: the same bytes, places and ledger for any number of them, whole or
damaged, and the same values as from the plain file."""

import bz2
import gzip
import json
import lzma
import random
import struct
import subprocess
import threading
import zlib

import harness
import invariance_test
from invariance_test import csv_text, json_text, log_text

SEED = 20261103
CHUNK = "80KiB"


def zstd(text, *options):
    return subprocess.run(["zstd", "-qc", *options], input=text, capture_output=True, check=True).stdout


def sized_zstd(text):
    """A frame that tells its size, as from a file."""
    import pyarrow
    return pyarrow.Codec("zstd").compress(text, asbytes=True)


def pieces(text, size, at_lines=True):
    """Cuts text into pieces of about `size` bytes."""
    cut, begin = [], 0
    while begin < len(text):
        end = min(len(text), begin + size)
        if at_lines:
            end = text.find(b"\n", end - 1) + 1 or len(text)
        cut.append(text[begin:end])
        begin = end
    return cut


def bgzf(text, at_lines=False):
    """BGZF as bgzip writes it: members of up to 64 KiB that tell their sizes, and an empty one at the end."""
    out = []
    for piece in pieces(text, 60_000, at_lines) + [b""]:
        packer = zlib.compressobj(6, zlib.DEFLATED, -15)
        body = packer.compress(piece) + packer.flush()
        size = len(body) + 18 + 8 - 1
        out.append(b"\x1f\x8b\x08\x04" + b"\0" * 4 + b"\0\xff\x06\0BC\x02\0" + struct.pack("<H", size) + body +
                   struct.pack("<II", zlib.crc32(piece), len(piece)))
    return b"".join(out)


def seekable(text):
    frames = [(zstd(piece), len(piece)) for piece in pieces(text, 200_000, False)]
    table = b"".join(struct.pack("<II", len(frame), size) for frame, size in frames) + struct.pack("<IBI", len(frames), 0, 0x8F92EAB1)
    return b"".join(frame for frame, _ in frames) + struct.pack("<II", 0x184D2A5E, len(table)) + table


def members(pack, size, at_lines):
    return lambda text: b"".join(pack(piece) for piece in pieces(text, size, at_lines))


def gz(text):
    return gzip.compress(text, 6, mtime=0)


PACKED = {
    "one_member.gz": gz,
    "lines.gz": members(gz, 200_000, True),
    "anywhere.gz": members(gz, 200_000, False),
    "tiny.gz": members(gz, 700, False),
    "bgzf.gz": bgzf,
    "one_frame.zst": sized_zstd,
    "no_size.zst": zstd,
    "lines.zst": members(sized_zstd, 200_000, True),
    "anywhere.zst": members(sized_zstd, 200_000, False),
    "no_sizes.zst": members(zstd, 200_000, False),
    "seekable.zst": seekable,
    "one.bz2": bz2.compress,
    "several.xz": members(lzma.compress, 400_000, False),
    "one.lz4": lambda text: subprocess.run(["lz4", "-qc"], input=text, capture_output=True, check=True).stdout,
}


class Parts(invariance_test.Invariance):
    # The tests of the base run in a file of their own.
    locals().update({name: None for name in dir(invariance_test.Invariance) if name.startswith("test")})

    def values(self, job, chunk, ranks=1):
        """Rows, ledger and rejects (but for file names) of one run."""
        (_, out, _, known), = self.results(job, [(ranks, {"chunk": chunk})])
        rejects = [dict(json.loads(line), file="") for line in (out / "rejects.jsonl").read_text().splitlines()]
        found = [(out / "o.csv").read_bytes(), known["ledger"], rejects]
        harness.shutil.rmtree(out)
        return found

    def same_as_plain(self, fmt, text, packed, ranks=(2, 3), **keys):
        job = self.job(fmt, [{"index": "row"}], outputs=["o.csv"], **keys)
        self.write("data/a", text)
        plain = self.values(job, "64MiB")
        for name in packed:
            self.write("data/a", PACKED[name](text))
            made = self.results(job, [(n, {"chunk": CHUNK}) for n in (1, *ranks)])
            for label, out, prints, known in made:
                with self.subTest(packed=name, run=label):
                    rejects = [dict(json.loads(line), file="") for line in (out / "rejects.jsonl").read_text().splitlines()]
                    self.assertEqual([(out / "o.csv").read_bytes(), known["ledger"], rejects], plain)
                    self.assertEqual(prints, made[0][2])
                    self.assertEqual(known, made[0][3])
                harness.shutil.rmtree(out)

    def test_lines_of_any_compression(self):
        self.same_as_plain("combined", ("\ufeff" + log_text(random.Random(SEED), 6000)).encode(), PACKED, ranks=(3,))

    def test_csv(self):
        self.same_as_plain("csv", csv_text(random.Random(SEED), 6000).encode(),
                           ["one_member.gz", "anywhere.gz", "bgzf.gz", "lines.zst", "seekable.zst"])

    def test_csv_of_long_quoted_fields(self):
        field = "".join(f"x{i},y\n" for i in range(8000))
        text = "id,note\n" + "".join(f"{i},abc{i}\n" for i in range(5000)) + f'5000,"long\n{field}end"\n' + "".join(f"{i},a\n" for i in range(5001, 40000))
        self.same_as_plain("csv", text.encode(), ["one_member.gz", "anywhere.gz", "bgzf.gz", "lines.zst"], ranks=(2, 4))

    def test_a_rank_that_feeds_others_keeps_to_its_memory(self):
        """What it keeps for them is a share of its budget, even less than a part: slower, and the same."""
        job = self.job("combined", [{"index": "row"}], outputs=["o.csv"])
        self.write("data/a.gz", gz(log_text(random.Random(SEED), 60_000).encode()))
        made = self.results(job, [(1, {"chunk": "1MiB"}), (2, {"chunk": "1MiB", "memory": "2MiB"}), (4, {"chunk": "1MiB", "memory": "4MiB"})])
        for label, out, prints, known in made[1:]:
            self.assertEqual((prints, known), made[0][2:], label)

    def test_json(self):
        self.same_as_plain("json", json_text(random.Random(SEED), 6000).encode(), ["one_member.gz", "anywhere.zst", "bgzf.gz"], ranks=(2, 4))

    def test_a_file_that_shrinks_while_ranks_read_it_is_damaged(self):
        text = log_text(random.Random(SEED), 4000).encode() * 60
        job = dict(self.job("combined", outputs=["o.csv"], corrupt="salvage", rejects={"max": "100%"}), resources={"chunk": "1MiB"})
        for ranks, packed in ((1, text), (3, text), (2, gz(text))):
            for change in ("truncate", "remove"):
                with self.subTest(ranks=ranks, change=change, size=len(packed)):
                    self.fresh()
                    path = self.write("data/a", packed)
                    self.write("job.yml", job)
                    timer = threading.Timer(0.5, lambda: harness.os.truncate(path, len(packed) // 3) if change == "truncate" else path.unlink())
                    timer.start()
                    ran = self.call("run", "job.yml", "--report", "report.json", ranks=ranks)
                    timer.join()
                    # Whether it was in time, or before the run looked at the file, is not ours to say: the run ends, and its
                    # ledger balances.
                    self.assertIn(ran.code, (0, 2), ran)
                    if ran.code == 0:
                        report = json.loads((self.folder / "report.json").read_text())
                        self.check_ledger(report)
                        file = report["tables"]["events"]["files"][0]
                        if not file.get("damage"):
                            seen = [text, text[:len(packed) // 3]]
                            self.assertIn(report["ledger"]["lines"], [each.count(b"\n") + 1 - 1 * each.endswith(b"\n") for each in seen])

    def test_fields_that_change_inside_the_file(self):
        for extra in (0, 0.0002):
            with self.subTest(extra=extra):
                self.fresh()
                self.check_changing_fields(random.Random(SEED), extra)

    def check_changing_fields(self, rng, extra):
        text = "#Version: 1.0\n"
        for _ in range(12):
            names = rng.sample(["cs-method", "cs-uri-stem", "sc-status", "time-taken", "x-new"], rng.randint(2, 5))
            text += "#Fields: date time " + " ".join(names) + "\n"
            values = {"cs-method": "GET", "cs-uri-stem": "/a", "sc-status": "200", "time-taken": "17", "x-new": "n"}
            text += "".join(f"2026-11-01 06:52:{i % 60:02} " + " ".join(values[n] for n in names) + ("\n" if rng.random() > extra else " more\n")
                            for i in range(rng.randint(100, 4000)))
        job = self.job("w3c", [{"index": "row"}], outputs=["o.csv"])
        self.write("data/a.log", text)
        first = self.all_equal(job, chunk="16KiB", other_chunks=("64MiB",), ranks=(1, 2, 4))
        self.assertEqual(first[3]["ledger"]["rejected"], 0)
        self.fresh()
        self.same_as_plain("w3c", text.encode(), ["one_member.gz", "anywhere.zst"])

    def test_events_of_many_lines(self):
        rng = random.Random(SEED)
        text = "".join(f"2026-11-01 event {i}\n" + "  at x\n" * rng.randint(0, 6) for i in range(20000))
        self.same_as_plain("lines", text.encode(), ["one_member.gz", "anywhere.gz", "bgzf.gz"], multiline={"start": r"^\d"})

    def damaged(self, packed, rng):
        """The same file cut off, with bits flipped, with garbage behind it or in it."""
        yield packed[:rng.randrange(20, len(packed))]
        for _ in range(2):
            flipped = bytearray(packed)
            flipped[rng.randrange(len(packed))] ^= 1 << rng.randrange(8)
            yield bytes(flipped)
        yield packed + b"garbage" * 5
        at = rng.randrange(len(packed))
        yield packed[:at] + packed[at + rng.randrange(1, 500):]

    def test_damage_costs_the_same_for_any_number_of_ranks(self):
        rng = random.Random(SEED)
        text = log_text(rng, 5000).encode()
        for name in ("one_member.gz", "anywhere.gz", "bgzf.gz", "anywhere.zst", "no_size.zst", "one.bz2"):
            for number, bad in enumerate(self.damaged(PACKED[name](text), rng)):
                for corrupt, ranks in [(rng.choice(["salvage", "salvage", "skip"]), rng.randint(2, 4))]:
                    with self.subTest(packed=name, damage=number, corrupt=corrupt, ranks=ranks):
                        self.fresh()
                        self.write("data/a", bad)
                        self.write("data/b", log_text(random.Random(number), 50))
                        job = self.job("combined", outputs=["o.csv"], corrupt=corrupt, rejects={"max": "100%", "path": "rejects.jsonl"})
                        made = self.results(job, [(n, {"chunk": CHUNK}) for n in (1, ranks)])
                        self.assertEqual(made[1][2], made[0][2])
                        self.assertEqual(made[1][3], made[0][3])

    def test_damage_is_told_alike_by_any_number_of_ranks(self):
        rng = random.Random(SEED + 1)
        text = log_text(rng, 5000).encode()
        for name in ("one_member.gz", "bgzf.gz", "anywhere.zst"):
            bad = bytearray(PACKED[name](text))
            for at in range(len(bad) // 2, len(bad), 5000):
                bad[at] ^= 255
            self.write("data/a", bytes(bad))
            self.write("job.yml", dict(self.job("combined", outputs=["o.csv"]), resources={"chunk": CHUNK}))
            said = set()
            for ranks in (1, 2, 4):
                ran = self.call("run", "job.yml", ranks=ranks)
                self.assertEqual(ran.code, 2, ran)
                said.update(line.split("data/a", 1)[1] for line in ran.err.splitlines() if "data/a" in line)
            self.assertEqual(len(said), 1, said)

    def test_ill_formed_bytes_everywhere(self):
        rng = random.Random(SEED)
        text = bytearray(log_text(rng, 6000).encode())
        for _ in range(2000):
            text[rng.randrange(len(text))] = rng.choice([0, 0x80, 0xC3, 0xE2, 0xFF])
        self.same_as_plain("combined", bytes(text), ["one_member.gz", "anywhere.gz", "bgzf.gz", "anywhere.zst"], rejects={"max": "100%", "path": "rejects.jsonl"})


if __name__ == "__main__":
    harness.main()
