# SPDX-License-Identifier: Apache-2.0
"""Runs one rank and leaves its largest resident size behind. usage: mpirun … rank_memory.py FOLDER PROGRAM [ARGUMENTS]

FOLDER/rank-N holds bytes. Pages that ranks share (libraries, shared memory) are counted with each of them, so the sum
over the ranks is an upper bound.
"""

import os
import sys

folder, program = sys.argv[1], sys.argv[2:]
child = os.fork()
if child == 0:
    os.execv(program[0], program)
_, status, usage = os.wait4(child, 0)
with open(f"{folder}/rank-{os.environ['OMPI_COMM_WORLD_RANK']}", "w", encoding="ascii") as out:
    out.write(str(usage.ru_maxrss * 1024))
sys.exit(os.waitstatus_to_exitcode(status))
