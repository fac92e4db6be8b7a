# SPDX-License-Identifier: Apache-2.0
"""Instance types, and how many ranks with how much memory fit on one. `evclean plan` explains the same calculation
(docs/clusters.md); a test compares the two."""

import csv
import dataclasses
import difflib
import pathlib
import re

from evclean_aws.problem import Problem

TABLE = pathlib.Path(__file__).with_name("instance_types.csv")

MIB = 1
GIB = 1024
PROGRAM_MIB = 300        # code, libraries and MPI's buffers of a rank, beside its budget
LEAST_BUDGET_MIB = 256   # four chunks of 64 MiB: less and everything goes through scratch
MOST_BUDGET_MIB = 4 * GIB
HADOOP_MIB = 3 * GIB     # EMR's own services on a node


@dataclasses.dataclass(frozen=True)
class InstanceType:
    name: str
    vcpus: int
    cores: int
    memory_mib: int
    network_gbps: float
    ebs_mb_per_s: float
    local_disk_gb: int
    architecture: str
    avx2: bool
    usd_per_hour: float


@dataclasses.dataclass(frozen=True)
class Size:
    """What a node carries."""

    ranks: int
    memory_mib: int  # the budget of a rank: resources.memory

    @property
    def memory(self):
        return f"{self.memory_mib}MiB"


def table():
    lines = [line for line in TABLE.read_text().splitlines() if not line.startswith("#")]
    return {row["type"]: InstanceType(row["type"], int(row["vcpus"]), int(row["cores"]), int(row["memory_mib"]),
                                      float(row["network_gbps"]), float(row["ebs_mb_per_s"]), int(row["local_disk_gb"]),
                                      row["architecture"], row["avx2"] == "yes", float(row["usd_per_hour"]))
            for row in csv.DictReader(lines)}


def alike(wanted, types):
    """Types with as many cores and at least as much memory, the cheapest first."""
    fits = [t for t in types if t.avx2 and t.vcpus >= wanted.vcpus and t.memory_mib >= wanted.memory_mib * 0.95]
    return [t.name for t in sorted(fits, key=lambda t: t.usd_per_hour)]


def check_type(name):
    """Problem for a type that is none, that the table does not know, or that cannot run the bundle."""
    known = table()
    if name in known:
        found = known[name]
        if found.architecture != "x86_64":
            raise Problem(f"instance_type: {name} has an {found.architecture} processor; the bundle is for x86_64",
                          f"take {alike(found, known.values())[0]}")
        if not found.avx2:
            raise Problem(f"instance_type: the processors of {name} have no AVX2, which the program is built for",
                          f"take {alike(found, known.values())[0]} (as many cores, as much memory), or build for older "
                          "processors: make bundle CMAKE_FLAGS=-DEVCLEAN_ARCH=x86-64-v2")
        return found
    near = difflib.get_close_matches(name, known, 1)
    if not re.match(r"^[a-z][a-z0-9-]*\.[a-z0-9-]+$", name):
        raise Problem(f"instance_type: '{name}' is no name of an instance type", "they look like r6i.2xlarge")
    raise Problem(f"instance_type: '{name}' is not in the table of instance types",
                  (f"did you mean {near[0]}? " if near else "") + f"(a new type goes into data/{TABLE.name})")


def size_of(instance, *, hadoop=False, ranks=None, memory_mib=None):
    """Ranks and budget of a node. One rank a vCPU as long as each gets the least budget; a tenth of the memory (at least
    1 GiB) stays with the system and its page cache, and 3 GiB more with Hadoop on EMR."""
    reserve = max(GIB, instance.memory_mib // 10) + (HADOOP_MIB if hadoop else 0)
    free = instance.memory_mib - reserve
    most = max(1, free // (LEAST_BUDGET_MIB + PROGRAM_MIB))
    ranks = ranks or min(instance.vcpus, most)
    budget = memory_mib or min(MOST_BUDGET_MIB, max(64, (free // ranks - PROGRAM_MIB) // 64 * 64))
    if ranks * (budget + PROGRAM_MIB) > instance.memory_mib:
        raise Problem(f"{ranks} ranks of {budget} MiB (and {PROGRAM_MIB} MiB each for the program) are more than the "
                      f"{instance.memory_mib} MiB of {instance.name}", "lower ranks_per_node or memory_per_rank")
    return Size(ranks, budget)


def mib(text):
    """'6GiB' as 6144."""
    return int(text[:-3]) * (GIB if text.endswith("GiB") else MIB)
