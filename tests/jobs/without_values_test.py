# SPDX-License-Identifier: Apache-2.0
"""Columns without any value: they fit every expression as null, wherever they stand, however a join is carried out."""

import harness

EMPTY_ID = "id,k,t\n,a,\n,b,\n"
ROWS = "id,k\n1,a\n2,b\n3,c\n"


class Filled(harness.Case):
    """`fill` gives such a column values, of the type that its text reads as."""

    def test_steps_see_what_was_filled(self):
        for ranks in (0, 2):
            table = self.clean("id,k\n,a\n", [{"fill": {"id": 5}}, {"set": {"x": "id + 1"}}, {"flag": {"f": "id > 1"}},
                                              {"filter": "id > 1"}], ranks=ranks)
            self.assertEqual(table.rows, [{"id": 5, "k": "a", "x": 6, "f": True}])
            self.assertEqual(table.types["id"], "int64")
        self.assertEqual(self.clean("id,k\n,a\n", [{"fill": {"all": 5}}, {"set": {"x": "id + 1"}}]).column("x"), [6])

    def test_tables_see_it_too(self):
        for step in ({"group": {"by": "k", "agg": {"x": "sum(id)"}}}, {"sql": "select k, id as x from events where id > 1"}):
            self.assertEqual(self.clean("id,k\n,a\n", [{"fill": {"id": 5}}, step]).rows, [{"k": "a", "x": 5}])
        rows = {"r": {"rows": [{"id": 5, "z": 7}, {"id": 6, "z": 8}]}}
        for strategy in ("auto", "keys", "rows"):
            join = {"join": {"table": "r", "on": "id", "how": "left", "strategy": strategy}}
            self.assertEqual(self.clean("id,k\n,a\n", [{"fill": {"id": 5}}, join], tables=rows).column("z"), [7])

    def test_it_fits_as_anything_its_text_reads_as(self):
        steps = [{"fill": {"id": "5", "d": "2026-01-02", "t": "x"}},
                 {"set": {"a": "id || '!'", "b": "id / 2.0", "c": "extract(day from d)", "e": "upper(t)"}}]
        table = self.clean("id,k,d,t\n,a,,\n", steps)
        self.assertEqual([table.rows[0][name] for name in "abce"], ["5!", 2.5, 2, "X"])
        self.assertEqual((table.types["d"], table.types["t"]), ("date", "string"))
        self.assertEqual(self.clean("id,k,d,t\n", steps).rows, [])
        self.refused("id,k\n,a\n", [{"fill": {"id": "x"}}, {"filter": "id > 1"}], words=("id",))

    def test_a_word_for_all_leaves_it_open(self):
        steps = [{"fill": "None"}, {"filter": "id > 1"}]
        self.assertEqual(self.clean(EMPTY_ID, steps).rows, [])
        table = self.clean("id,k\n,a\n", [{"fill": {"id": 5}}, {"cast": {"id": "string"}}, {"set": {"x": "id || '!'"}}])
        self.assertEqual(table.rows, [{"id": "5", "k": "a", "x": "5!"}])

    def test_a_late_value_counts(self):
        text = "id,k\n" + ",a\n" * 40000 + "7,b\n" + ",a\n"
        table = self.clean(text, [{"fill": {"id": 5}}, {"set": {"x": "id + 1"}}], ranks=3)
        self.assertEqual((table.rows[0]["x"], table.rows[40000]["x"], table.rows[-1]["x"]), (6, 8, 6))


if __name__ == "__main__":
    harness.main()
