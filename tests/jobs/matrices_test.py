# SPDX-License-Identifier: Apache-2.0
"""The matrices that encode is for: at 1 to 4 ranks byte for byte, in one file and in several, and what must not go wrong
silently. Trains the model of jobs/train.py."""

import json
import os
import random
import re
import subprocess
import sys
import unittest

import h5py
import numpy as np
import pandas as pd
from harness import main
from matrices import FEATURES, GENERATE, ROOT, SEED, Matrices, events_csv


class SeveralFiles(Matrices):
    """files: N and file_size: the rows of one matrix, cut in order."""
    SPLIT = {"by": "user", "test": "30%"}

    def whole(self, text, encode):
        """X and y of each side, from one file each."""
        self.encode(text, encode, "whole.npy")
        sides = [".train", ".test"] if "split" in encode else [""]
        return {side: [np.load(self.folder / f"whole{side}{y}.npy") for y in ("", ".y")] for side in sides}

    def test_files_hold_the_rows_in_order_and_differ_by_one(self):
        text = events_csv(random.Random(SEED + 5), 1003)
        for split in (None, self.SPLIT):
            encode = dict(FEATURES, **({"split": split} if split else {}))
            whole = self.whole(text, encode)
            runs = []
            for ranks in (0, 1, 2, 3, 4):
                self.encode(text, encode, [{"path": "x.npy", "files": 7}, {"path": "h.h5", "layout": "matrix", "files": 3}],
                            ranks=ranks)
                runs.append(self.files())
            for run in runs[1:]:
                self.assertEqual(run, runs[0])
            for side, (X, y) in whole.items():
                parts = [sorted(self.folder.glob(f"x{side}{y}-*-of-00007.npy")) for y in ("", ".y")]
                self.assertEqual([len(part) for part in parts], [7, 7])
                for part, all_rows in zip(parts, (X, y)):
                    loaded = [np.load(path) for path in part]
                    np.testing.assert_array_equal(np.concatenate(loaded), all_rows)
                    sizes = [len(rows) for rows in loaded]
                    self.assertLessEqual(max(sizes) - min(sizes), 1)
                    self.assertEqual(sizes, sorted(sizes, reverse=True))
                names = json.loads((self.folder / "x.names.json").read_text())
                group = side[1:] + "/" if side else ""
                files = sorted(self.folder.glob("h-*-of-00003.h5"))
                self.assertEqual(len(files), 3)
                for key, all_rows in (("X", X), ("y", y)):
                    loaded = []
                    for path in files:
                        with h5py.File(path) as file:
                            loaded.append(file[group + key][:])
                            self.assertEqual(list(file["feature_names"].asstr()), names)
                    np.testing.assert_array_equal(np.concatenate(loaded), all_rows)
            self.fresh()

    def test_more_files_than_rows_and_no_rows(self):
        for rows, sizes in ((2, [1, 1, 0]), (0, [0, 0, 0])):
            text = "a,b\n" + "1,2\n" * rows
            for ranks in (0, 3):
                self.fresh()
                self.write("in.csv", text)
                self.run_job({"input": {"paths": "in.csv", "format": "csv", "types": {"a": "int64", "b": "int64"}},
                              "output": [{"path": "x.npy", "files": 3}, {"path": "h.h5", "layout": "matrix", "files": 3}]},
                             ranks=ranks)
                self.assertEqual([np.load(self.folder / f"x-0000{i}-of-00003.npy").shape for i in range(3)],
                                 [(n, 2) for n in sizes])
                for i, n in enumerate(sizes):
                    with h5py.File(self.folder / f"h-0000{i}-of-00003.h5") as file:
                        self.assertEqual(file["X"].shape, (n, 2))

    def test_a_file_closes_with_the_row_that_fills_it(self):
        text = events_csv(random.Random(SEED + 6), 700)
        encode = {"label": "bought", "keep": ["n"], "standardise": ["ms"], "split": self.SPLIT}
        whole = self.whole(text, encode)
        runs = []
        for ranks in (0, 1, 2, 3, 4):
            self.encode(text, encode, {"path": "x.npy", "file_size": 1000}, ranks=ranks)
            runs.append(self.files())
        self.assertTrue(all(run == runs[0] for run in runs))
        for side, arrays in whole.items():
            count = -(-len(arrays[0]) // 125)  # 8 bytes a row
            for y, all_rows in zip(("", ".y"), arrays):
                loaded = [np.load(self.folder / f"x{side}{y}-{i:05}-of-{count:05}.npy") for i in range(count)]
                self.assertTrue(all(len(rows) == 125 for rows in loaded[:-1]))
                np.testing.assert_array_equal(np.concatenate(loaded), all_rows)

    def test_another_number_of_files_replaces_the_whole_set(self):
        text = events_csv(random.Random(SEED), 50)
        encode = {"label": "bought", "keep": ["n"]}
        for output, left in (({"files": 4}, 4), ({"files": 2}, 2), ({"file_size": 160}, 2), ({}, 1), ({"file_size": 80}, 3)):
            self.encode(text, encode, dict({"path": "x.npy"}, **output))
            for y in ("", ".y"):
                found = [path.name for path in self.folder.glob("x*.npy") if (".y" in path.name) == bool(y)]
                self.assertEqual(len(found), left, (output, found))
        ran = self.encode(text, encode, {"path": "x.npy", "files": 2}, args=(), code=2)
        self.says(ran.err, "exists already")
        ran = self.encode(text, dict(encode, split=self.SPLIT), {"path": "x.npy", "files": 2}, code=2)
        self.says(ran.err, "is there from a run whose X and y had other files")

    def test_the_report_has_every_file(self):
        text = events_csv(random.Random(SEED), 100)
        ran = self.encode(text, {"label": "bought", "keep": ["n"]}, {"path": "x.npy", "files": 3}, ranks=2)
        self.assertEqual([(entry["path"], entry["rows"]) for entry in ran.report["outputs"]],
                         [(f"x{y}-0000{i}-of-00003.npy", rows) for y in ("", ".y") for i, rows in enumerate((34, 33, 33))])
        for entry in ran.report["outputs"]:
            self.assertEqual(entry["bytes"], (self.folder / entry["path"]).stat().st_size)


class Files(Matrices):
    OUTPUT = [{"path": "m/f.npy"}, {"path": "m/f.h5", "layout": "matrix"}, "m/f.csv", "m/f.parquet"]

    def test_the_same_bytes_for_any_number_of_ranks(self):
        text = events_csv(random.Random(SEED), 4000)
        for encode in (FEATURES, {**FEATURES, "split": {"by": ["user", "colour"], "test": "25%"}, "id": ["user"]}):
            wanted = None
            for ranks in (1, 2, 3, 4):
                with self.subTest(ranks=ranks, split="split" in encode):
                    self.fresh()
                    self.encode(text, encode, self.OUTPUT, ranks=ranks)
                    found = self.files()
                    wanted = wanted or found
                    self.assertEqual(list(found), list(wanted))
                    for name in wanted:
                        self.assertEqual(found[name], wanted[name], name)

    def test_all_layouts_hold_the_same_numbers(self):
        text = events_csv(random.Random(SEED), 2500)
        self.encode(text, {**FEATURES, "split": {"by": "user"}}, self.OUTPUT, ranks=3)
        names = json.loads((self.folder / "m/f.names.json").read_text())
        made = self.table("m/f.csv")
        with h5py.File(self.folder / "m/f.h5") as file:
            self.assertEqual(file["feature_names"].asstr()[()].tolist(), names)
            self.assertEqual(sorted(file), ["feature_names", "test", "train"])
            for side in ("train", "test"):
                X, y = np.load(self.folder / f"m/f.{side}.npy"), np.load(self.folder / f"m/f.{side}.y.npy")
                rows = made[made["split"] == side]
                self.assertEqual((X.dtype, y.dtype, X.shape), (np.float32, np.float32, (len(rows), len(names))))
                np.testing.assert_array_equal(X, rows[names].to_numpy(np.float32))
                np.testing.assert_array_equal(y, rows["bought"].to_numpy(np.float32))
                np.testing.assert_array_equal(file[f"{side}/X"][()], X)
                np.testing.assert_array_equal(file[f"{side}/y"][()], y)
                self.assertEqual(file[f"{side}/X"].compression, "gzip")
        self.assertEqual(pd.read_parquet(self.folder / "m/f.parquet")[names].shape, made[names].shape)

    def test_large_matrices_are_written_in_rounds_and_spill(self):
        rng = random.Random(SEED)
        values = [[rng.random() for _ in range(40)] for _ in range(3000)]
        names = [f"c{i}" for i in range(40)]
        self.write("wide.csv", ",".join(names) + "\n" + "\n".join(",".join(map(repr, row)) for row in values) + "\n")
        # 1,000 indicators a row are 12 MB: several rounds of 8 MiB on one rank, more than the sink may hold.
        job = self.job({"keep": names, "hash": {"c0": 1000}}, [{"path": "w.npy"}, {"path": "w.h5", "layout": "matrix"}],
                       chunk="64KiB")
        job["input"] = {"paths": "wide.csv", "format": "csv"}
        job["resources"].update(memory="16MiB", scratch="/var/tmp")
        for ranks in (1, 2):
            self.run_job(job, "--overwrite", ranks=ranks)
            X = np.load(self.folder / "w.npy")
            np.testing.assert_array_equal(X[:, :40], np.array(values, np.float32))
            self.assertTrue((X[:, 40:].sum(axis=1) == 1).all())
            with h5py.File(self.folder / "w.h5") as file:
                np.testing.assert_array_equal(file["X"][()], X)
                self.assertNotIn("y", file)
        self.assertFalse((self.folder / "w.y.npy").exists())

    def test_a_matrix_without_encode_is_all_columns(self):
        self.write("in.csv", "a,b,c\n1,0.5,true\n2,,false\n9007199254740993,1e300,\n")
        ran = self.run_job({"input": {"paths": "in.csv", "format": "csv"}, "output": "out.npy"})
        np.testing.assert_array_equal(np.load(self.folder / "out.npy"), np.array(
            [[1, 0.5, 1], [2, np.nan, 0], [2.0**53, np.inf, np.nan]], np.float32))
        self.says(ran.err, "column b: 1 missing values are NaN", "column a: 1 integers are rounded",
                  "column b: 1 numbers are infinite")
        self.assertFalse((self.folder / "out.mapping.json").exists())

    def test_the_report_has_every_matrix(self):
        ran = self.encode(events_csv(random.Random(SEED), 100), {**FEATURES, "split": {"by": "user", "test": "40%"}}, "f.npy")
        outputs = {o["path"]: o for o in ran.report["outputs"]}
        self.assertEqual(sorted(outputs), ["f.test.npy", "f.test.y.npy", "f.train.npy", "f.train.y.npy"])
        for path, output in outputs.items():
            self.assertEqual(output["bytes"], (self.folder / path).stat().st_size)
            self.assertEqual(output["rows"], len(np.load(self.folder / path)))
        self.says(ran.err, "f.mapping.json")

    def test_files_are_not_replaced_unasked_nor_mixed_with_others(self):
        text = events_csv(random.Random(SEED), 200)
        self.encode(text, FEATURES, "f.npy", args=())
        before = self.files()
        ran = self.encode(text, FEATURES, "f.npy", args=(), code=2)
        self.says(ran.err, "exists already")
        ran = self.encode(text, {**FEATURES, "split": {"by": "user"}}, "f.npy", code=2)
        self.says(ran.err, "f.npy is there from a run whose X and y had other files")
        self.assertEqual(self.files(), before)

    def test_a_folder_read_as_a_whole_hides_the_mapping(self):
        text = events_csv(random.Random(SEED), 300)
        self.encode(text, {"keep": ["n"], "id": ["colour"]}, {"path": "d/e.parquet", "partition_by": ["colour"]})
        self.assertTrue((self.folder / "d/_e.mapping.json").exists())
        self.assertEqual(len(pd.read_parquet(self.folder / "d")), 300)


class Mistakes(Matrices):
    def test_each_is_named_with_its_place(self):
        text = "a,b,t,y,column\nx,1,2026-11-01,1,1\ny,2,2026-11-02,,2\n"
        many = "a,b,t,y\n" + "".join(f"v{i},1,2026-11-01,1\n" for i in range(300))
        cases = [(text, {"one_hot": ["c"]}, ["job.yml:1:", "no column 'c'", "columns here: a, b, t, y, column"]),
                 (text, {"keep": ["b"], "label": "colum"}, ["no column 'colum'", "did you mean 'column'"]),
                 (text, {"keep": ["b"], "id": ["nope"]}, ["no column 'nope'"]),
                 (text, {"keep": ["b"], "split": {"by": "nope"}}, ["no column 'nope'"]),
                 (text, {"standardise": ["a"]}, ["standardise: column 'a' is text, not a number (such as 'x')"]),
                 (text, {"keep": ["t"]}, ["column 't' is a date", "extract(epoch from t)"]),
                 (text, {"keep": ["b"], "label": "y"}, ["the label 'y' is missing in 1 of 2 rows", "y is not null"]),
                 (many, {"one_hot": ["a"]}, ["column 'a' has 300 categories, more than 256", "hash: {a: 64}"]),
                 (many, {"ordinal": ["a"], "max_categories": 100}, ["column 'a' has 300 categories, more than 100"]),
                 (many, {"hash": {"a": 10000}, "keep": ["b"]}, ["10,001 features are more than 10,000"]),
                 ("b\n", {"keep": ["b"]}, ["no rows to fit on"]),
                 ("k,b\nq,1\n", {"keep": ["b"], "split": {"by": "k", "test": 0.999999}}, ["none of the 1 rows"])]
        for number, (content, encode, words) in enumerate(cases):
            for ranks in (0, 3) if number % 4 == 0 else (0,):
                with self.subTest(encode=encode, ranks=ranks):
                    self.fresh()
                    ran = self.encode(content, encode, "out.npy", ranks=ranks, code=2)
                    self.says(ran.err, *words)
                    self.assertEqual(self.files(), {})

    def test_text_does_not_go_into_a_matrix(self):
        self.write("in.csv", "a,b\nx,1\n")
        for output in ({"path": "o.npy"}, {"path": "o.h5", "layout": "matrix"}):
            ran = self.run_job({"input": {"paths": "in.csv", "format": "csv"}, "output": output}, code=2, ranks=2)
            self.says(ran.err, "column 'a' is a string, and a matrix holds numbers", "drop: [a]")
            self.assertEqual(self.files(), {})

    def test_a_full_disk_leaves_nothing(self):
        full = self.folder / "full"
        full.mkdir()
        # Room for a part of the 12 MB.
        if os.geteuid() != 0 or subprocess.run(["mount", "-t", "tmpfs", "-o", "size=10m", "tmpfs", full],
                                               stderr=subprocess.DEVNULL).returncode != 0:
            print("no tmpfs can be mounted here: see the tests of other sinks")
            return
        self.addCleanup(subprocess.run, ["umount", full])
        self.write("in.csv", "a\n" + "\n".join(f"v{i}" for i in range(3000)) + "\n")
        for output in ({"path": "full/o.npy"}, {"path": "full/o.h5", "layout": "matrix", "compression_level": 0}):
            for ranks in (0, 2):
                with self.subTest(output=output, ranks=ranks):
                    ran = self.run_job(self.job({"hash": {"a": 1000}}, output), ranks=ranks, code=3)
                    self.says(ran.err, "cannot write", output["path"])
                    self.assertEqual(list(full.iterdir()), [])


class Commands(Matrices):
    def test_a_table_left_without_a_column_is_an_error_and_no_crash(self):
        for ranks in (0, 1, 2, 3, 4):
            ran = self.encode("id,v,w\n1,a,\n2,b,\n3,c,\n", {"one_hot": ["w"]}, ranks=ranks, code=2)
            self.says(ran.err, "encode:", "no feature is left", "column 'w'")
            self.assertFalse((self.folder / "out.csv").exists())
        rows = "id,v,w\n1,a,\n2,b,\n3,c,\n"
        for text, encode, steps in ((rows, {"one_hot": ["id"]}, [{"filter": "id > 100"}]), ("id,v\n", {"one_hot": ["id"]}, []),
                                    (rows, {"one_hot": ["w"]}, [])):
            self.write("in.csv", text)
            self.write("job.yml", dict(self.job(encode, "out.csv", steps), tests=[{"input": [{"id": 1, "v": "a", "w": None}], "expect": {}}]))
            for command in ("check", "explain", "preview", "test"):
                ran = self.call(command, "job.yml")
                self.assertIn(ran.code, (0, 1), (command, text, steps, str(ran)))
        self.write("in.csv", rows)
        for encode, words in (("{one_hott: [id]}", "one_hot"), ("{}", "names no feature"), ("", "encode"), ("{hash: {id: 0}}", "encode.hash.id")):
            self.write("job.yml", f"input: {{paths: in.csv, format: csv}}\noutput: out.csv\nsteps:\n  - encode: {encode}\n")
            ran = self.call("check", "job.yml")
            self.assertEqual(ran.code, 2, ran)
            self.says(ran.err, words)
            self.assertNotIn("no feature is left", ran.err)

    def test_check_names_what_is_wrong_without_running(self):
        self.write("in.csv", "a,b\nx,1\n")
        self.write("job.yml", self.job({"one_hot": ["c"], "standardise": ["b"]}, "out.npy"))
        ran = self.call("check", "job.yml")
        self.assertEqual(ran.code, 2)
        self.says(ran.err + ran.out, "no column 'c'")
        self.write("job.yml", self.job({"keep": ["b"]}, "out.npy", after=[{"set": {"t": "'text'"}}]))
        ran = self.call("check", "job.yml")
        self.assertEqual(ran.code, 2)
        self.says(ran.err + ran.out, "column 't' is a string")
        self.write("job.yml", self.job({"one_hot": ["a"], "split": {"by": "a", "test": 0.9}}, "out.npy"))
        ran = self.call("check", "job.yml")
        self.assertEqual((ran.code, (self.folder / "out.npy").exists()), (0, False), ran)

    def test_explain_and_preview_and_test_know_it(self):
        self.write("in.csv", "a,b\nx,1\ny,3\n")
        job = self.job({"one_hot": ["a"], "standardise": ["b"], "split": {"by": "a"}}, "out.npy")
        job["tests"] = [{"name": "both", "input": [{"a": "x", "b": 1}, {"a": "y", "b": 1}],
                         "expect": [{"a_x": 1, "a_y": 0, "b": 0.0}, {"a_x": 0}]},
                        {"name": "one", "input": [{"a": "x", "b": 1}], "expect": {"b": 1.5}}]
        job["steps"][0]["encode"].pop("split")
        self.write("job.yml", job)
        ran = self.call("test", "job.yml")
        self.assertEqual(ran.code, 1, ran)
        self.says(ran.out, "1 passed, 1 failed")
        ran = self.call("preview", "job.yml")
        self.assertEqual(ran.code, 0, ran)
        self.says(ran.out, "a_x:int64", "b:float64", "-1.0")
        ran = self.call("explain", "job.yml")
        self.assertEqual(ran.code, 0, ran)
        self.says(ran.out, "step 1: encode: each rank groups the categories", "a_y int64")


    def test_a_renamed_column_has_its_type_in_a_preview_too(self):
        self.write("in.csv", "a,b\nx,1.5\ny,3.5\n")
        job = self.job({"keep": ["Aa"], "id": ["B b"]}, "out.csv", steps=[{"rename": {"b": "Aa", "a": "B b"}}])
        self.write("job.yml", job)
        ran = self.call("preview", "job.yml")
        self.assertEqual(ran.code, 0, ran)
        self.says(ran.out, "Aa:float64", "B b:string")


class Example(Matrices):
    @unittest.skipUnless(os.path.exists(GENERATE), "generate_events is not built (EVCLEAN_BUILD_BENCH=OFF)")
    def test_the_example_trains_a_model(self):
        folder = self.folder / "example"
        sample = folder / "out" / "sample"
        sample.mkdir(parents=True)
        made = subprocess.run([GENERATE, "--format", "json", "--bytes", "3M", "--files", "2", "--output",
                               sample / "events.jsonl", "--truth", sample / "truth.json", "--rate", "malformed=0.2%",
                               "--rate", "drift=1%"], capture_output=True, text=True, timeout=60)
        self.assertEqual(made.returncode, 0, made.stderr)
        (folder / "jobs").mkdir()
        (folder / "jobs" / "features.yml").write_text((ROOT / "jobs" / "features.yml").read_text())
        ran = self.call("test", "jobs/features.yml", cwd=folder)
        self.assertEqual(ran.code, 0, ran)
        ran = self.call("run", "jobs/features.yml", cwd=folder, ranks=2)
        self.assertEqual(ran.code, 0, ran)
        trained = subprocess.run([sys.executable, str(ROOT / "jobs" / "train.py"), "out/features"], cwd=folder,
                                 capture_output=True, text=True, timeout=90)
        self.assertEqual(trained.returncode, 0, trained.stderr)
        said = re.search(r"accuracy ([\d.]+), .* answer ([\d.]+)\narea under the curve ([\d.]+)", trained.stdout)
        accuracy, base, area = map(float, said.groups())
        self.assertGreater(accuracy, base + 0.05, trained.stdout)
        self.assertGreater(area, 0.9, trained.stdout)
        with h5py.File(folder / "out" / "features.h5") as file:
            np.testing.assert_array_equal(file["test/X"][()], np.load(folder / "out" / "features.test.npy"))


if __name__ == "__main__":
    main()
