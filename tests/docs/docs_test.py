# SPDX-License-Identifier: Apache-2.0
"""README.md and docs/*.md against the program: python docs_test.py build/evclean [page.md ...]

- Every block fenced as sh is run by bash, the blocks of a page in order and in one folder of their own; a command that
  fails fails the block (write `|| echo "exit code $?"` where that is meant). Blocks of commands that are run elsewhere
  are named in ELSEWHERE.
- A block fenced as text that follows an sh block is its output, word for word but for what MASKS names. A line `...`
  stands for any lines.
- Every block fenced as yaml is a job that `evclean check` accepts, in the folder of the page; one fenced as `yaml part`
  is a part of one and is put into a job first (input: input.csv), by its keys.
- Every link to a file or a heading of this repository leads somewhere.
"""

import contextlib
import os
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile
import unittest

ROOT = pathlib.Path(__file__).resolve().parents[2]
PROGRAM = pathlib.Path(sys.argv[1]).resolve() if len(sys.argv) > 1 else ROOT / "build" / "evclean"
PAGES = [ROOT / page for page in sys.argv[2:]] or [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]
TIME_LIMIT_S = 60

# Run by others: .ci/run (make test), the jobs' tests, make bench; or changing the machine.
ELSEWHERE = {
    "make demo", "make test", "make build", "make bundle", "make bench", "make test-peers", "make soak",
    'export PATH="$PWD/build:$PATH"',
    "export OMPI_ALLOW_RUN_AS_ROOT=1 OMPI_ALLOW_RUN_AS_ROOT_CONFIRM=1",
    "mpirun -np 4 build/evclean run jobs/access_log.yml --overwrite",
    "sbatch slurm/evclean.sbatch jobs/access_log.yml --overwrite",
}

# What differs from run to run or from machine to machine.
MASKS = [
    (re.compile(r"\bon \S+ \(\d+\)(, \S+ \(\d+\))*"), "on HOST"),
    (re.compile(r"^evclean \d+\.\d+\.\d+ \(.*\)$"), "VERSIONS"),
    (re.compile(r"\d+\.\d\d s \(.*/s\)"), "TIME"),
    (re.compile(r"(read|decode|steps|encode|write) \d+\.\d\d"), r"\1 TIME"),
    (re.compile(r"peak memory [\d.]+ \w+"), "peak memory SIZE"),
    (re.compile(r"(\.parquet|\.h5|\.arrow|\.gz|\.zst)  ([\d,]+) rows, [\d.]+ \w+"), r"\1  \2 rows, SIZE"),
    (re.compile(r'"(seconds|peak_memory_bytes|read|decode|steps|encode|write)": ?[\d.e-]+'), r'"\1":N'),
]

ENVIRONMENT = dict(
    os.environ,
    PATH=os.pathsep.join([str(PROGRAM.parent), str(ROOT / ".venv" / "bin"), os.environ.get("PATH", "")]),
    LC_ALL="C.UTF-8",
    OMPI_ALLOW_RUN_AS_ROOT="1",
    OMPI_ALLOW_RUN_AS_ROOT_CONFIRM="1",
    OMPI_MCA_rmaps_base_oversubscribe="1",
    OMPI_MCA_hwloc_base_binding_policy="none",
    OMPI_MCA_btl="self,vader",
    OMPI_MCA_mpi_yield_when_idle="1",
)


class Block:
    def __init__(self, page, line, words, text):
        self.page, self.line, self.words, self.text = page, line, words, text

    @property
    def place(self):
        return f"{self.page.relative_to(ROOT)}:{self.line}"


def read_blocks(page):
    """Fenced blocks in order; the fences may be indented."""
    blocks, opened = [], None
    for number, line in enumerate(page.read_text().splitlines(), 1):
        fence = re.match(r"^(\s*)```(.*)$", line)
        if fence and opened is None:
            opened = (number, fence.group(1), fence.group(2).split(), [])
        elif fence:
            begin, indent, words, lines = opened
            blocks.append(Block(page, begin, words, "".join(text + "\n" for text in lines)))
            opened = None
        elif opened is not None:
            indent = opened[1]
            opened[3].append(line[len(indent):] if line.startswith(indent) else line)
    if opened is not None:
        raise AssertionError(f"{page.name}:{opened[0]}: this block is never closed")
    return blocks


def masked(text):
    lines = []
    for line in text.splitlines():
        for pattern, word in MASKS:
            line = pattern.sub(word, line)
        lines.append(re.sub(r"\s+", " ", line).rstrip())
    while lines and not lines[-1]:
        lines.pop()
    return lines


def matches(expected, found):
    """Lines equal in order; a line `...` stands for any number of lines."""
    if not expected:
        return not found
    if expected[0] == "...":
        return any(matches(expected[1:], found[at:]) for at in range(len(found) + 1))
    return bool(found) and expected[0] == found[0] and matches(expected[1:], found[1:])


def commands(text):
    """The lines of a block without comments; heredocs and all."""
    lines = [re.sub(r"\s{2,}#.*$", "", line).rstrip() for line in text.splitlines()]
    return [line for line in lines if line and not line.startswith("#")]


def run_script(text, folder):
    done = subprocess.run(["bash", "-e", "-o", "pipefail", "-c", "exec 2>&1\n" + text], cwd=folder, env=ENVIRONMENT,
                          stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, timeout=TIME_LIMIT_S)
    return done.returncode, done.stdout.decode("utf-8", "replace")


# A part of a job is put into one whose other keys are these.
INPUT = "input: input.csv\n"
OUTPUT = "output: made-for-this-test.csv\n"


def whole_job(part):
    """A job around keys of a job, of `input`, or steps."""
    first = next(line for line in part.splitlines() if line.strip() and not line.lstrip().startswith("#"))
    if first.startswith("- "):
        part = "steps:\n" + "".join("  " + line + "\n" for line in part.splitlines())
    keys = re.findall(r"^(\w+):", part, re.MULTILINE)
    return part + ("" if "input" in keys else INPUT) + ("" if "output" in keys else OUTPUT)


@contextlib.contextmanager
def page_folder():
    folder = tempfile.mkdtemp(prefix="evclean-docs-", dir=os.environ.get("TMPDIR", "/var/tmp"))
    try:
        yield pathlib.Path(folder)
    finally:
        shutil.rmtree(folder)


class Pages(unittest.TestCase):
    def test_every_command_prints_and_every_job_is_what_the_page_says(self):
        """Blocks in the order of the page and in its folder, so that a job finds the files that commands above made."""
        ran = checked = 0
        for page in PAGES:
            with page_folder() as folder:
                blocks = read_blocks(page)
                for block, after in zip(blocks, blocks[1:] + [None]):
                    with self.subTest(block.place):
                        if block.words[:1] == ["sh"] and not set(commands(block.text)) <= ELSEWHERE:
                            self.run_block(block, after, folder)
                            ran += 1
                        elif block.words[:1] == ["yaml"]:
                            self.check_job(block, folder)
                            checked += 1
        self.assertGreater(ran, 0)
        self.assertGreater(checked, 0 if len(sys.argv) > 2 else 10)

    def run_block(self, block, after, folder):
        code, out = run_script(block.text, folder)
        self.assertEqual(code, 0, f"{block.place} ends with {code}:\n{out}")
        if after is None or after.words[:1] != ["text"]:
            return
        between = block.page.read_text().splitlines()[block.line + block.text.count("\n") + 1:after.line - 1]
        if any(line.strip() for line in between):
            return
        self.assertTrue(matches(masked(after.text), masked(out)),
                        f"{after.place} does not say what {block.place} prints:\n{out}\nthe page says\n{after.text}")

    def test_every_make_target_that_is_named_exists(self):
        targets = set(re.findall(r"^([\w-]+):", (ROOT / "Makefile").read_text(), re.MULTILINE))
        for page in PAGES:
            for target in re.findall(r"`make ([\w-]+)|^make ([\w-]+)", page.read_text(), re.MULTILINE):
                self.assertIn("".join(target), targets, page.name)

    def check_job(self, block, folder):
        kind = block.words[1] if len(block.words) > 1 else "whole"
        self.assertIn(kind, ("whole", "part"), block.place)
        job = folder / "checked-by-this-test.yml"
        job.write_text(whole_job(block.text) if kind == "part" else block.text)
        code, out = run_script(f"evclean check {job.name}", folder)
        job.unlink()
        problems = [line for line in out.splitlines() if ": error: " in line]
        self.assertEqual((code, problems), (0, []), f"{block.place}:\n{out}")

    def test_every_link_leads_somewhere(self):
        for page in PAGES:
            prose = re.sub(r"```.*?```", "", page.read_text(), flags=re.DOTALL)
            for link in re.findall(r"\[[^\]]*\]\(([^)\s]+)\)", prose):
                if link.startswith(("http://", "https://")):
                    continue
                with self.subTest(page.name, link=link):
                    self.check_link(page, link)

    def check_link(self, page, link):
        path, _, heading = link.partition("#")
        target = (page.parent / path).resolve() if path else page
        self.assertTrue(target.exists(), f"{page.name} links to {link}, which is not there")
        if not heading:
            return
        headings = re.findall(r"^#+ (.+)$", target.read_text(), re.MULTILINE)
        anchors = {re.sub(r"[^\w\- ]", "", text.lower()).strip().replace(" ", "-") for text in headings}
        self.assertIn(heading, anchors, f"{page.name} links to {link}")


class Itself(unittest.TestCase):
    """The test can fail."""

    def test_an_output_that_differs_is_seen(self):
        self.assertTrue(matches(masked("a  b\n...\nz"), masked("a b\nc\nd\nz")))
        self.assertFalse(matches(masked("3 rows"), masked("4 rows")))
        self.assertFalse(matches(masked("a"), masked("a\nb")))
        self.assertFalse(matches(masked("a\nb"), masked("a")))
        self.assertTrue(matches(masked("in 0.07 s (69 lines/s, 8.4 KiB/s) on 2 ranks"),
                                masked("in 1.20 s (1 lines/s, 0.4 KiB/s) on 2 ranks")))

    def test_a_command_that_fails_is_seen(self):
        with page_folder() as folder:
            self.assertEqual(run_script("false\necho on", folder), (1, ""))

    def test_a_part_becomes_a_job(self):
        self.assertIn("steps:\n  - limit: 1\n", whole_job("- limit: 1\n"))
        self.assertEqual(whole_job("input: x.csv\n"), "input: x.csv\n" + OUTPUT)


if __name__ == "__main__":
    unittest.main(argv=[sys.argv[0], "-v"])
