# SPDX-License-Identifier: Apache-2.0
"""The step encode: against scikit-learn's own encoders, several of them, splits, and mappings that are applied again."""

import json
import math
import random

import h5py
import numpy as np
import pandas as pd
import sklearn.preprocessing
from harness import main
from matrices import FEATURES, SEED, Matrices, events_csv


class WhatIsEncoded(Matrices):
    def test_one_hot_and_ordinal_and_standardise_are_those_of_scikit_learn(self):
        text = events_csv(random.Random(SEED), 3000)
        self.encode(text, FEATURES)
        raw, made = pd.read_csv(self.folder / "in.csv", keep_default_na=False, na_values=[""]), self.table()
        known = raw["device"].dropna()
        encoder = sklearn.preprocessing.OneHotEncoder(handle_unknown="ignore", sparse_output=False, dtype=np.int64)
        encoder.fit(known.to_numpy().reshape(-1, 1))
        names = [f"device_{c}" for c in encoder.categories_[0]]
        self.assertEqual(sorted(c.encode() for c in encoder.categories_[0]), [c.encode() for c in encoder.categories_[0]])
        expected = encoder.transform(raw["device"].fillna("(none)").to_numpy().reshape(-1, 1))
        np.testing.assert_array_equal(made[names].to_numpy(), expected)
        ordinal = sklearn.preprocessing.OrdinalEncoder(categories=[["free", "team", "pro"]], dtype=np.int64,
                                                       handle_unknown="use_encoded_value", unknown_value=-1)
        plans = raw["plan"].fillna("(none)").to_numpy().reshape(-1, 1)
        np.testing.assert_array_equal(made["plan"], ordinal.fit(plans).transform(plans)[:, 0])
        np.testing.assert_array_equal(made["colour"], raw["colour"].map({"blue": 0, "green": 1, "red": 2}))
        scaled = sklearn.preprocessing.StandardScaler().fit_transform(raw[["ms"]])[:, 0]
        np.testing.assert_allclose(made["ms"], np.nan_to_num(scaled, nan=0.0), rtol=0, atol=1e-12)
        np.testing.assert_array_equal(made["n"].isna(), raw["n"].isna())
        np.testing.assert_array_equal(made["n"].fillna(0), raw["n"].fillna(0))
        np.testing.assert_array_equal(made["bought"], raw["bought"].astype(int))
        for column in ("device", "plan", "ms", "n"):
            np.testing.assert_array_equal(made[f"{column}_missing"], raw[column].isna().astype(int))
        self.assertNotIn("colour_missing", made)

    def test_the_mean_is_the_correctly_rounded_one(self):
        rng = random.Random(SEED + 1)
        values = [rng.uniform(-1, 1) * 10 ** rng.randrange(-8, 9) for _ in range(2000)]
        self.encode("x\n" + "\n".join(map(repr, values)) + "\n", {"standardise": ["x"]}, ranks=3)
        mapping = json.loads((self.folder / "out.mapping.json").read_text())
        self.assertEqual(mapping["columns"][0]["mean"], math.fsum(values) / len(values))
        self.assertAlmostEqual(mapping["columns"][0]["scale"] / np.std(values), 1, places=14)

    def test_hashing_is_stable_and_each_value_has_one_bucket(self):
        text = events_csv(random.Random(SEED), 500)
        self.encode(text, {"hash": {"path": 8}, "id": ["path"]})
        made = self.table()
        buckets = made[[f"path_hash_{b}" for b in range(8)]].to_numpy()
        self.assertTrue((buckets.sum(axis=1) == 1).all())
        self.assertEqual(made.assign(b=buckets.argmax(axis=1)).groupby("path")["b"].nunique().max(), 1)
        self.assertGreater(len(set(buckets.argmax(axis=1))), 5)
        # The bucket is what hash() says of the text, as a user can compute it.
        self.assertEqual([h % 8 for h in self.hashes(made["path"])], buckets.argmax(axis=1).tolist())

    def test_ids_stay_beside_the_features_and_other_columns_go(self):
        self.encode("id,a,b,c\nx,1,2,3\ny,4,5,6\n", {"keep": ["b"], "id": ["id", "c"]})
        self.assertEqual((self.folder / "out.csv").read_text(), "id,c,b\nx,3,2\ny,6,5\n")

    def test_names_that_meet_are_told_apart(self):
        self.encode("a,a_b\nb_c,c\nx,c\n", {"one_hot": ["a", "a_b"], "missing": ["a"]})
        self.assertEqual((self.folder / "out.csv").read_text().splitlines()[0], "a_b_c,a_x,a_b_c_2,a_missing")

    def test_a_text_label_becomes_numbers_of_its_classes(self):
        self.encode("x,y\n1,spam\n2,ham\n3,spam\n", {"keep": ["x"], "label": "y"}, "out.npy")
        self.assertEqual(np.load(self.folder / "out.y.npy").tolist(), [1.0, 0.0, 1.0])
        mapping = json.loads((self.folder / "out.mapping.json").read_text())
        self.assertEqual(mapping["label"], {"column": "y", "type": "string", "classes": ["ham", "spam"]})

    def test_numbers_are_categories_by_value(self):
        self.encode("s\n10\n9\n9\n\n200\n", {"one_hot": ["s"]})
        self.assertEqual((self.folder / "out.csv").read_text().splitlines()[0], "s_9,s_10,s_200")

    def test_what_becomes_of_missing_values_is_said(self):
        ran = self.encode("a,b,c,d\nx,1,2,q\n,,,\ny,3,4,r\n", {"one_hot": ["a"], "standardise": ["b"], "keep": ["c"],
                                                              "ordinal": {"d": ["q"]}})
        self.says(ran.err, "column 'a': 1 missing values are 0", "column 'b': 1 missing values are 0, the mean",
                  "column 'c': 1 missing values stay missing", "column 'd': 1 missing values are -1",
                  "column 'd': 1 values of no category are -1")

    def test_constant_and_empty_columns(self):
        self.encode("a,b,c\n5,,1\n5,,2\n", {"standardise": ["a", "b"], "keep": ["c"]})
        self.assertEqual((self.folder / "out.csv").read_text(), "a,b,c\n0.0,0.0,1\n0.0,0.0,2\n")

    def test_steps_behind_work_on_the_features(self):
        self.encode("a,y\nx,1\nz,0\nx,1\n", {"one_hot": ["a"], "label": "y"}, "out.npy",
                    after=[{"set": {"both": "a_x + y"}}, {"rename": {"y": "target"}}, {"filter": "a_x = 1"}])
        self.assertEqual(np.load(self.folder / "out.npy").tolist(), [[1, 0, 2], [1, 0, 2]])
        self.assertEqual(np.load(self.folder / "out.y.npy").tolist(), [1, 1])
        self.assertEqual(json.loads((self.folder / "out.names.json").read_text()), ["a_x", "a_z", "both"])


    def test_tables_of_their_own_and_queries_are_encoded_too(self):
        self.write("in.csv", "k,v\na,1\nb,2\na,3\n")
        self.run_job({"input": {"paths": "in.csv", "format": "csv"},
                      "tables": {"sums": {"sql": "select k, sum(v) as total from events group by k",
                                          "steps": [{"encode": {"one_hot": ["k"], "keep": ["total"], "id": ["k"]}}]},
                                 "read": {"sql": "select k, k_a from sums where k_b = 0"}},
                      "output": [{"path": "s.npy", "table": "sums"}, {"path": "r.csv", "table": "read"}]}, ranks=2)
        self.assertEqual(np.load(self.folder / "s.npy").tolist(), [[1, 0, 4], [0, 1, 2]])
        self.assertEqual((self.folder / "r.csv").read_text(), "k,k_a\na,1\n")

    def test_rows_stand_for_records_behind_it(self):
        self.write("a.csv", "x,c\n1,p\n2,q\n3,p\n")
        self.write("b.csv", "x,c\n4,q\n5,7\n")
        job = {"input": {"paths": ["a.csv", "b.csv"], "format": "csv", "rejects": {"max": "50%"}},
               "steps": [{"encode": {"keep": ["x"], "id": ["c"]}}, {"filter": "x <> 2"}, {"map": {
                   "column": "c", "values": {"p": "1", "q": "2"}, "default": "no"}}, {"cast": {"c": "int64"}}],
               "output": "out.csv"}
        for ranks in (0, 3):
            ran = self.run_job(job, "--overwrite", ranks=ranks)
            files = {f["file"].split("/")[-1]: f["ledger"] for f in ran.report["tables"]["events"]["files"]}
            self.assertEqual([(files[n]["kept"], files[n]["filtered"], files[n]["rejected"]) for n in ("a.csv", "b.csv")],
                             [(2, 1, 0), (1, 0, 1)])
            self.assertEqual((self.folder / "out.csv").read_text(), "c,x\n1,1\n1,3\n2,4\n")


class SeveralSteps(Matrices):
    """What one step has made goes through the next."""
    FIRST = {"label": "bought", "one_hot": ["device"], "standardise": ["ms"], "id": ["user", "path", "plan"],
             "split": {"by": "user", "test": "30%"}}
    SECOND = {"hash": {"path": 4}, "ordinal": {"plan": "sorted"}, "missing": ["plan"]}

    def two(self, text, first, second, between=(), output="out.csv", ranks=0, code=0, args=("--overwrite",)):
        return self.encode(text, second, output, ranks=ranks, code=code, args=args,
                           steps=[{"encode": first}, *between])

    def test_features_stand_behind_each_other_and_each_step_has_its_mapping(self):
        text = events_csv(random.Random(SEED), 1500)
        runs = []
        for ranks in (0, 1, 2, 3, 4):
            self.two(text, self.FIRST, self.SECOND, [{"set": {"path": "substr(path, 1, 5)"}}],
                     ["out.csv", "out.npy", {"path": "out.h5", "layout": "matrix"}, "other.parquet"], ranks)
            runs.append(self.files())
        for other in runs[1:]:
            self.assertEqual(list(other), list(runs[0]))
            self.assertTrue(all(other[name] == runs[0][name] for name in other if not name.endswith(".parquet")))
        self.assertEqual(sorted(name for name in runs[0] if "mapping" in name),
                         ["other.mapping.2.json", "other.mapping.json", "out.mapping.2.json", "out.mapping.json"])
        first, second = (json.loads((self.folder / name).read_text()) for name in ("out.mapping.json", "out.mapping.2.json"))
        self.assertEqual([column["column"] for column in second["columns"]], ["path", "plan", "plan"])
        self.assertEqual(second["fitted"]["rows"], first["fitted"]["rows"])  # both are fitted on the rows to train with
        made = self.table()
        names = json.loads((self.folder / "out.names.json").read_text())
        self.assertEqual(list(made), ["split", "bought", *names])
        self.assertEqual(names, [f"device_{c}" for c in first["columns"][0]["categories"]] + ["ms"]
                         + [f"path_hash_{b}" for b in range(4)] + ["plan", "plan_missing"])
        for side in ("train", "test"):
            rows = made[made["split"] == side]
            np.testing.assert_array_equal(np.load(self.folder / f"out.{side}.npy"), rows[names].to_numpy(np.float32))
            np.testing.assert_array_equal(np.load(self.folder / f"out.{side}.y.npy"), rows["bought"])
        raw = pd.read_csv(self.folder / "in.csv", keep_default_na=False, na_values=[""])
        np.testing.assert_array_equal(made["plan"], raw["plan"].map({"free": 0, "pro": 1, "team": 2}).fillna(-1))

    def test_a_later_step_is_fitted_on_the_rows_to_train_with(self):
        users = [f"u{n}" for n in range(40)]
        share = self.share(users)
        text = "user,x,c\n" + "".join(f"{u},{n},{'only-test' if share[u] < 0.2 else 'both'}\n" for n, u in enumerate(users))
        self.two(text, {"keep": ["x"], "id": ["user", "c"], "split": {"by": "user"}}, {"one_hot": ["c"], "standardise": ["x"]},
                 [{"rename": {"split": "side"}}])
        train = [n for n, u in enumerate(users) if share[u] >= 0.2]
        mapping = json.loads((self.folder / "out.mapping.2.json").read_text())
        self.assertEqual(mapping["fitted"]["rows"], len(train))
        self.assertEqual(mapping["columns"][0]["categories"], ["both"])
        self.assertEqual(mapping["columns"][1]["mean"], math.fsum(train) / len(train))
        self.assertEqual(list(self.table()), ["side", "c_both", "x"])  # x was encoded again

    def test_names_that_are_taken_and_columns_between(self):
        self.two("a,b\nx,1\ny,2\n", {"one_hot": ["a"], "id": ["b"]}, {"keep": ["a_x"], "one_hot": ["b", "c"], "id": ["b"]},
                 [{"set": {"c": "concat('x', b)", "gone": "1"}}, {"rename": {"a_y": "b_1"}}])
        self.assertEqual((self.folder / "out.csv").read_text(), "b,b_1,a_x,b_1_2,b_2,c_x1,c_x2\n1,0,1,1,0,1,0\n2,1,0,0,1,0,1\n")

    def test_mappings_are_applied_again_one_by_one(self):
        text = events_csv(random.Random(SEED + 3), 400)
        self.two(text, self.FIRST, self.SECOND)
        before = (self.folder / "out.csv").read_text()
        fitted = [{"fitted": "out.mapping.json", "id": ["user", "path", "plan"], "split": self.FIRST["split"]},
                  {"fitted": "out.mapping.2.json"}]
        self.two(text, *fitted, output="again.csv", ranks=3)
        self.assertEqual((self.folder / "again.csv").read_text(), before)
        for name in ("mapping.json", "mapping.2.json"):
            self.assertEqual((self.folder / f"again.{name}").read_bytes(), (self.folder / f"out.{name}").read_bytes())

    def test_a_second_label_or_split_is_refused(self):
        text = "a,b,c\n1,2,3\n4,5,6\n"
        for first, second, words in (
                ({"keep": ["a"], "label": "b", "id": ["c"]}, {"label": "c", "keep": ["a"]}, ["'b' the label", "job.yml:1:"]),
                ({"keep": ["a"], "id": ["b"], "split": {"by": "b"}}, {"keep": ["a"], "split": {"by": "b"}, "id": ["b"]},
                 ["has split the table ('split')", "job.yml:1:"])):
            with self.subTest(words):
                ran = self.two(text, first, second, code=2)
                self.says(ran.err, *words)
                self.says(self.call("check", "job.yml").err, *words)
        self.two(text, {"keep": ["a"], "label": "b", "id": ["c"]}, {"label": "c", "keep": ["a"], "id": ["b"]}, output="out.npy")
        self.assertEqual(np.load(self.folder / "out.y.npy").tolist(), [3, 6])

    def test_three_steps_and_other_commands_know_it(self):
        self.write("in.csv", "a,b,c\nx,1,p\ny,2,q\n")
        self.write("job.yml", {"input": "in.csv", "steps": [
            {"encode": {"one_hot": ["a"], "id": ["b", "c"]}}, {"encode": {"keep": ["b"], "id": ["c"]}},
            {"rename": "warehouse"}, {"encode": {"ordinal": ["c"]}}], "output": "out.csv",
            "tests": [{"name": "a row", "input": [{"a": "x", "b": 3, "c": "p"}], "expect": {"a_x": 1, "b": 3, "c": 0}}]})
        for command in ("check", "explain", "preview", "test", "run"):
            ran = self.call(command, "job.yml", "--overwrite") if command == "run" else self.call(command, "job.yml")
            self.assertEqual(ran.code, 0, ran)
        self.assertEqual((self.folder / "out.csv").read_text(), "a_x,a_y,b,c\n1,0,1,0\n0,1,2,1\n")
        self.assertEqual(len(list(self.folder.glob("out.mapping*.json"))), 3)


class Splits(Matrices):
    def test_a_key_is_on_one_side_by_its_hash(self):
        text = events_csv(random.Random(SEED), 3000)
        sides = {}
        for seed in (0, 5):
            self.encode(text, {**FEATURES, "split": {"by": "user", "test": "30%", "seed": seed}, "id": ["user"]})
            made = self.table()
            self.assertEqual(made.groupby("user")["split"].nunique().max(), 1)
            sides[seed] = made.groupby("user")["split"].first().to_dict()
        for user, share in self.share(list(sides[0])).items():
            self.assertEqual(sides[0][user], "test" if share < 0.3 else "train", user)
        self.assertEqual(set(sides[0].values()), {"test", "train"})
        self.assertNotEqual(sides[0], sides[5])

    def test_what_is_fitted_is_fitted_on_the_rows_to_train_with(self):
        text = events_csv(random.Random(SEED), 2000)
        self.encode(text, {**FEATURES, "split": {"by": "user"}})
        made, raw = self.table(), pd.read_csv(self.folder / "in.csv")
        train = raw[made["split"] == "train"]
        column = next(c for c in json.loads((self.folder / "out.mapping.json").read_text())["columns"]
                      if c["encode"] == "standardise")
        self.assertAlmostEqual(column["mean"], train["ms"].mean(), places=10)
        self.assertNotAlmostEqual(column["mean"], raw["ms"].mean(), places=10)
        self.assertAlmostEqual(column["scale"], train["ms"].std(ddof=0), places=10)

    def test_a_category_only_in_test_is_unknown(self):
        keys = [f"k{i}" for i in range(200)]
        test = [key for key, share in self.share(keys).items() if share < 0.2]
        rows = "".join(f"{k},{'late' if k == test[0] else 'seen'}\n" for k in keys)
        ran = self.encode("k,c\n" + rows, {"one_hot": ["c"], "split": {"by": "k"}})
        self.assertEqual(list(self.table()), ["split", "c_seen"])
        self.says(ran.err, "column 'c': 1 values of no category are 0", f"{len(test)} to test with")

    def test_rows_without_a_key_are_to_train_with(self):
        ran = self.encode("k,x\n,1\n,2\na,3\n", {"keep": ["x"], "split": {"by": "k", "test": 0.9, "seed": 3}})
        self.assertEqual(self.table()["split"].tolist()[:2], ["train", "train"])
        self.says(ran.err, "2 rows without a key are to train with")


class Mappings(Matrices):
    def test_a_second_run_applies_it_unchanged(self):
        text = events_csv(random.Random(SEED), 2000)
        self.encode(text, FEATURES, [{"path": "a.npy"}, "a.csv"], ranks=2)
        self.encode(text, {"fitted": "a.mapping.json"}, [{"path": "b.npy"}, "b.csv"], ranks=3)
        for kind in ("npy", "y.npy", "csv", "names.json", "mapping.json"):
            self.assertEqual((self.folder / f"a.{kind}").read_bytes(), (self.folder / f"b.{kind}").read_bytes(), kind)

    def test_the_rows_of_another_day_become_the_same_features(self):
        text = events_csv(random.Random(SEED), 2000)
        lines = text.splitlines()
        self.encode(text, FEATURES, "a.npy")
        X = np.load(self.folder / "a.npy")
        # Few rows, whose types would be others: every plan is missing, n is a float.
        part = [lines[0], *lines[11:14]]
        self.encode("\n".join(part) + "\n", {"fitted": "a.mapping.json"}, "b.npy")
        np.testing.assert_array_equal(np.load(self.folder / "b.npy"), X[10:13])

    def test_without_the_label_there_is_no_y(self):
        self.encode("x,y\n1,0\n2,1\n", {"keep": ["x"], "label": "y"}, "a.npy")
        ran = self.encode("x\n5\n", {"fitted": "a.mapping.json"}, "b.npy")
        self.assertEqual(np.load(self.folder / "b.npy").tolist(), [[5.0]])
        self.assertFalse((self.folder / "b.y.npy").exists())
        self.says(ran.err, "no column 'y', the label")

    def test_unknown_categories_are_zero_and_counted(self):
        self.encode("a,b\nx,p\ny,q\n", {"one_hot": ["a"], "ordinal": ["b"]}, "a.csv")
        ran = self.encode("a,b\nnew,q\nx,other\nnew,\n", {"fitted": "a.mapping.json"}, "b.csv")
        self.assertEqual((self.folder / "b.csv").read_text(), "a_x,a_y,b\n0,0,1\n1,0,-1\n0,0,-1\n")
        self.says(ran.err, "column 'a': 2 values of no category are 0", "column 'b': 1 values of no category are -1")

    def test_numbers_match_whatever_their_type_is_now(self):
        self.encode("a,z\n1,01\n2,02\n", {"one_hot": ["a", "z"]}, "a.csv")
        self.encode("a,z\n1.0,02\n2.5,03\n", {"fitted": "a.mapping.json"}, "b.csv")
        self.assertEqual((self.folder / "b.csv").read_text(), "a_1,a_2,z_01,z_02\n1,0,0,1\n0,0,0,0\n")

    def test_no_rows_give_an_empty_matrix(self):
        self.encode("x,y\n1,0\n2,1\n", {"keep": ["x"], "label": "y"}, "a.npy")
        self.encode("x,y\n", {"fitted": "a.mapping.json"}, [{"path": "b.npy"}, {"path": "b.h5", "layout": "matrix"}],
                    ranks=2)
        self.assertEqual(np.load(self.folder / "b.npy").shape, (0, 1))
        with h5py.File(self.folder / "b.h5") as file:
            self.assertEqual(file["X"].shape, (0, 1))

    def test_what_does_not_fit_is_said(self):
        self.encode("x,c,y\n1,a,0\n2,b,1\n", {"keep": ["x"], "one_hot": ["c"], "label": "y"}, "a.npy")
        good = (self.folder / "a.mapping.json").read_text()
        cases = [("x,y\n1,0\n", good, ["job.yml:1:", "fitted on the column 'c', which the table here lacks"]),
                 ("q,y\n1,0\n", good, ["columns 'x', 'c'"]),
                 ("x,c,y\none,a,0\n", good, ["column 'x' is text", "'one'"]),
                 ("x,c,y\n1,a,\n", good, ["the label 'y' is missing in 1 of 1 rows"]),
                 ("x,c,y\n1,a,maybe\n", good, ["column 'y' is text", "'maybe'"]),
                 ("x,c,y\n1,a,0\n", good.replace('"version": 1', '"version": 9'), ["version 9", "reads version 1"]),
                 ("x,c,y\n1,a,0\n", good[:-20], ["is not JSON"]),
                 ("x,c,y\n1,a,0\n", '{"a": 1}', ["is not the mapping of a step encode"]),
                 ("x,c,y\n1,a,0\n", good.replace('"c_a", ', ""), ["fit it again"])]
        for number, (text, mapping, words) in enumerate(cases):
            for ranks in (0, 2) if number % 4 == 0 else (0,):  # a failure under mpirun takes seconds
                with self.subTest(words=words, ranks=ranks):
                    self.write("m.json", mapping)
                    ran = self.encode(text, {"fitted": "m.json"}, "b.npy", ranks=ranks, code=2)
                    self.says(ran.err, *words)
                    self.assertEqual(list(self.folder.glob("b.*")) + list(self.folder.glob(".*")), [])
        ran = self.encode("x,c,y\n1,a,0\n", {"fitted": "gone.json"}, "b.npy", code=2)
        self.says(ran.err, "there is no mapping 'gone.json'")

    def test_a_label_of_no_known_class_is_said(self):
        self.encode("x,y\n1,spam\n2,ham\n", {"keep": ["x"], "label": "y"}, "a.npy")
        ran = self.encode("x,y\n1,eggs\n", {"fitted": "a.mapping.json"}, "b.npy", code=2)
        self.says(ran.err, "the label 'y' has the value 'eggs', which is no class of the mapping")


if __name__ == "__main__":
    main()
