# SPDX-License-Identifier: Apache-2.0
"""What the tests of encode share: rows with all that is in the way, and a job that encodes them."""

import os
import pathlib

import h5py
import pandas as pd
from harness import PROGRAM, Case

GENERATE = os.path.join(os.path.dirname(PROGRAM), "bench", "generate_events")
ROOT = pathlib.Path(__file__).resolve().parents[2]
SEED = 20261123
DEVICES = ["mobile", "desktop", "tablet", "smart \"tv\", big", "réseau"]


def events_csv(rng, rows):
    """Rows with missing values, quotes, unicode and a key that repeats."""
    lines = ["user,device,plan,path,ms,n,bought,colour"]
    for _ in range(rows):
        device = rng.choice(DEVICES + [""])
        quoted = '"' + device.replace('"', '""') + '"' if device else ""
        ms = "" if rng.random() < 0.1 else f"{rng.lognormvariate(3, 1):.6f}"
        n = "" if rng.random() < 0.05 else rng.randrange(-5, 1000)
        lines.append(f"u{rng.randrange(60)},{quoted},{rng.choice(['free', 'pro', 'team', ''])},/p/{rng.randrange(300)},"
                     f"{ms},{n},{rng.choice(['true', 'false'])},{rng.choice(['red', 'green', 'blue'])}")
    return "\n".join(lines) + "\n"


FEATURES = {"label": "bought", "one_hot": ["device"], "ordinal": {"plan": ["free", "team", "pro"], "colour": "sorted"},
            "hash": {"path": 8}, "standardise": ["ms"], "keep": ["n"], "missing": True}


class Matrices(Case):
    def job(self, encode, output, steps=(), after=(), chunk="4KiB", **keys):
        return {"input": {"paths": "in.csv", "format": "csv", **keys}, "steps": [*steps, {"encode": encode}, *after],
                "resources": {"chunk": chunk}, "output": output}

    def encode(self, text, encode, output="out.csv", ranks=0, args=("--overwrite",), code=0, **keys):
        self.write("in.csv", text)
        return self.run_job(self.job(encode, output, **keys), *args, ranks=ranks, code=code)

    def table(self, name="out.csv"):
        return pd.read_csv(self.folder / name, keep_default_na=False, na_values=[""])

    def hashes(self, texts):
        """hash() of each text, as the program's own function gives it."""
        self.write("hash.in", "text\n" + "\n".join(texts) + "\n")
        self.write("hash.yml", {"input": {"paths": "hash.in", "format": "csv", "types": {"text": "string"}},
                                "steps": [{"set": {"h": "hash(text)"}}, {"select": ["h"]}], "output": "hash.csv"})
        ran = self.call("run", "hash.yml", "--overwrite")
        self.assertEqual(ran.code, 0, ran)
        return [int(line) % 2**64 for line in (self.folder / "hash.csv").read_text().split()[1:]]

    def share(self, texts):
        """Where each text stands between 0 and 1 in a split with seed 0."""
        return dict(zip(texts, ((value >> 11) / 2**53 for value in self.hashes(texts))))

    def files(self):
        """Every output's bytes; of HDF5 its values."""
        found = {}
        for path in sorted(self.folder.rglob("*")):
            if not path.is_file() or path.name in ("in.csv", "job.yml", "report.json"):
                continue
            name = str(path.relative_to(self.folder))
            if path.suffix == ".h5":
                with h5py.File(path) as file:
                    file.visititems(lambda key, item: found.update({f"{name}:{key}": (item.shape, item[()].tobytes())})
                                    if isinstance(item, h5py.Dataset) else None)
            else:
                found[name] = path.read_bytes()
        return found
