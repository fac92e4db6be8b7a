# SPDX-License-Identifier: Apache-2.0
"""`evclean plan`: its numbers are those of evclean-aws, add up, and every wrong word is answered. python cluster_plan_test.py evclean"""

import os
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile
import unittest

PROGRAM = pathlib.Path(sys.argv[1]).resolve()
ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "aws"))
JOB = """\
input: {paths: "logs/*.log", format: combined}
steps: [{filter: "status = 200"}]
output: out/kept.csv
"""


class Plan(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.folder = pathlib.Path(tempfile.mkdtemp(prefix="evclean-plan-"))
        (cls.folder / "logs").mkdir()
        (cls.folder / "job.yml").write_text(JOB)
        line = '10.0.0.{} - - [01/Nov/2026:06:52:16 +0000] "GET /p/{} HTTP/1.1" 200 {} "-" "curl/8.5.0"\n'
        for number in range(6):
            (cls.folder / "logs" / f"{number}.log").write_text("".join(line.format(i % 250, i, i) for i in range(3000)))

    @classmethod
    def tearDownClass(cls):
        shutil.rmtree(cls.folder)

    def run_plan(self, *words, command=(), path=None):
        environment = dict(os.environ, **({"PATH": path} if path else {}))
        return subprocess.run([*command, str(PROGRAM), "plan", "job.yml", *words], cwd=self.folder, env=environment, text=True, timeout=60,
                              capture_output=True)

    def plan(self, *words, **options):
        done = self.run_plan(*words, **options)
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)
        return done.stdout

    def refuses(self, *words, says, **options):
        done = self.run_plan(*words, **options)
        self.assertEqual(done.returncode, 2, done.stdout + done.stderr)
        for text in says:
            self.assertIn(text, done.stderr)

    def test_ranks_and_memory_are_those_of_evclean_aws(self):
        from evclean_aws import instances
        for name in ("r6i.2xlarge", "c5.xlarge", "m5.24xlarge"):
            for hadoop in (False, True):
                out = self.plan("--type", name, *(["--emr"] if hadoop else []))
                found = int(re.search(r"(?m)^ranks +(\d+) a node", out).group(1)), int(re.search(r"(?m)^memory +(\d+) MiB a rank", out).group(1))
                wanted = instances.size_of(instances.table()[name], hadoop=hadoop)
                self.assertEqual(found, (wanted.ranks, wanted.memory_mib), name)

    def test_it_shows_where_every_number_comes_from(self):
        out = self.plan("--nodes", "8", "--type", "r6i.2xlarge")
        size = sum(path.stat().st_size for path in (self.folder / "logs").iterdir())
        self.assertRegex(out, r"(?m)^input    6 files, [\d.]+ MiB; about [\d.]+ MiB of text, 1\.0 for one stored$")
        self.assertIn("12000 lines, cleaned and written in", out)  # of 4 of the 6 files
        self.assertIn("64 in all (one a vCPU)", out)
        self.assertIn("(65536 MiB - 6553 for the system) / 8 - 300 for the program", out)
        self.assertIn("64 ranks x ", out)
        self.assertIn("x 0.625)", out)
        self.assertIn("sbatch --nodes=8 --ntasks-per-node=8 --mem-per-cpu=4396M slurm/evclean.sbatch job.yml", out)
        self.assertIn("instances: 8, instance_type: r6i.2xlarge, expected_hours:", out)
        self.assertGreater(size, 1 << 20)

    def test_more_nodes_are_never_slower_and_the_table_has_them(self):
        out = self.plan("--nodes", "4", "--type", "c6i.xlarge")
        rows = re.findall(r"(?m)^ *(\d+) +(\d+) +([\d.]+ s|\S+m \S+s) ", out)
        self.assertEqual([row[0] for row in rows], ["1", "2", "4", "8", "16"])
        self.assertEqual([int(row[1]) for row in rows], [4 * int(row[0]) for row in rows])

    def test_nothing_is_left_and_no_output_is_written(self):
        before = set(pathlib.Path("/var/tmp").glob("evclean-sample-*"))
        self.plan("--type", "c5.xlarge")
        self.assertFalse((self.folder / "out").exists())
        self.assertEqual(set(pathlib.Path("/var/tmp").glob("evclean-sample-*")) - before, set())

    def test_types_that_are_none_or_cannot(self):
        self.refuses("--type", "r6i.2xlrge", says=["is not in the table of instance types", "r6i.2xlarge"])
        self.refuses("--type", "r3.2xlarge", says=["no AVX2"])
        self.refuses("--type", "m6g.2xlarge", says=["arm64"])
        self.refuses(says=["--type r6i.2xlarge"])
        self.refuses("--type", "c5.xlarge", "--ranks-per-node", "400", says=["400 ranks do not fit the 8192 MiB of c5.xlarge"])
        self.refuses("--type", "c5.xlarge", "--nodes", "0", says=["--nodes"])

    def test_alone_only(self):
        self.refuses("--type", "c5.xlarge", says=["without mpirun"], command=("mpirun", "--oversubscribe", "-np", "2"))

    def test_a_partition_is_what_sinfo_says(self):
        shims = self.folder / "bin"
        shims.mkdir()
        (shims / "sinfo").write_text("#!/bin/sh\n[ \"$3\" = big ] && echo '12 32 128000+ 2 8' && echo '4 16 64000 2 8'\n")
        (shims / "sinfo").chmod(0o755)
        path = f"{shims}:{os.environ['PATH']}"
        out = self.plan("--partition", "big", path=path)
        self.assertIn("node     a node of big: 16 vCPUs on 16 cores, 64000 MiB", out)
        self.assertIn("16 a node, 256 in all", out)
        self.assertIn("--partition=big", out)
        self.refuses("--partition", "none", says=["Slurm has no partition 'none'"], path=path)
        self.refuses("--partition", "x; true", says=["is not the name of a partition"], path=path)


if __name__ == "__main__":
    unittest.main(argv=[sys.argv[0]])
