# SPDX-License-Identifier: Apache-2.0
"""Corners of the contract's tables, SQL and outputs: names that meet, types that cannot, and what the messages advise."""

import harness


class Joins(harness.Case):
    def mistake(self, left, right, join, *words):
        """A join that is refused, alone and by three ranks, with `words` and its place."""
        self.write("in.csv", left)
        self.write("users.csv", right)
        job = {"input": {"paths": "in.csv", "format": "csv"}, "steps": [{"join": dict({"table": "users"}, **join)}],
               "tables": {"users": {"paths": "users.csv", "format": "csv"}}, "output": "out.csv"}
        for ranks in (0, 3):
            self.says(self.run_job(job, ranks=ranks, code=2).err, "job.yml:1:", *words)

    def test_a_suffix_never_takes_a_name_of_the_right(self):
        users = "k,v,v_b\n1,x,q\n"
        self.mistake("k,v\n1,a\n", users, {"on": "k", "suffix": "_b"}, "'v'", "'v_b'", "choose another suffix")
        tables = {"users": {"paths": "users.csv", "format": "csv"}}
        table = self.clean("k,v\n1,a\n", [{"join": {"table": "users", "on": "k"}}], tables=tables)
        self.assertEqual(table.rows, [{"k": 1, "v": "a", "v_right": "x", "v_b": "q"}])

    def test_keys_that_cannot_meet_are_told_with_their_tables(self):
        for how in ("left", "full"):
            self.mistake("k,v\n007,a\n", "k,w\n7,x\n", {"on": "k", "how": how},
                         "k is string in this table and k is int64 in users", "cast: {k: string} in users")
            self.mistake("k,v\n7,a\n", "k,w\n007,x\n", {"on": "k", "how": how}, "cast: {k: string} in this table")


if __name__ == "__main__":
    harness.main()
