# SPDX-License-Identifier: Apache-2.0
"""Input on S3: what paths mean, one object read by all ranks, thousands of small ones, and what can go wrong."""

import gzip
import random

import s3_case
from s3_case import GATE, S3, S3Case
from s3_world import MAIN, OTHER, Refusal


def csv(*rows):
    return "n\n" + "".join(f"{row}\n" for row in rows)


class Paths(S3Case):
    def test_an_object_a_folder_and_a_bucket(self):
        self.put("logs", named={"a/1.csv": csv(1), "a/2.csv": csv(2), "b.csv": csv(3), "a/.hidden": "x", "a/_done": "",
                                "a/": "", "a/b/3.csv": csv(4), "a/_tmp/x.csv": csv(99)})
        for paths, want in ((["s3://logs/b.csv"], "3"), (["s3://logs/a/"], "1 4 2"), (["s3://logs/a"], "1 4 2"),
                            (["s3://logs"], "1 4 2 3"), (["s3://logs/b.csv", "s3://logs/a/1.csv"], "3 1")):
            lines, _ = self.rows_of(paths)
            # Sorted by the bytes of the path: a/1.csv, a/2.csv, a/b/3.csv.
            want = {"1 4 2": "1 2 4", "1 4 2 3": "1 2 4 3"}.get(want, want)
            self.assertEqual(lines[1:], want.split(), paths)

    def test_globs_mean_what_they_mean_for_files(self):
        names = {"2026/01/a.csv": csv(1), "2026/01/b.txt": csv(2), "2026/02/a.csv": csv(3), "2026/02/x/a.csv": csv(4),
                 "2025/a.csv": csv(5), "2026/.x/a.csv": csv(6), "2026/01/_a.csv": csv(7), "top.csv": csv(8)}
        self.put("logs", named=names)
        for name, content in names.items():
            self.write("data/" + name, content)
        for pattern in ("2026/*/a.csv", "2026/**/*.csv", "**/a.csv", "*.csv", "202[56]/*", "2026/0?/a.csv", "**",
                        "2026/**", "*/*/x/*.csv", "2026/*/"):
            on_s3, _ = self.rows_of(["s3://logs/" + pattern])
            local, _ = self.rows_of(["data/" + pattern])
            self.assertEqual(on_s3, local, pattern)

    def test_listings_come_in_pages(self):
        keys = [f"many/{i:05}.csv" for i in range(1005)]
        for key in keys:
            S3.put_object(Bucket="logs", Key=key, Body=csv(int(key[5:10])).encode())
        lines, ran = self.rows_of(["s3://logs/many/"], ranks=2)
        self.assertEqual([int(line) for line in lines[1:]], list(range(1005)))
        pages = [r for r in GATE.requests if "continuation-token" in r.query]
        self.assertEqual(len(pages), 1)

    def test_odd_names(self):
        names = ["a b+c%d.csv", "ü/é~'().csv", "x=1/y&z;.csv", "q?.csv", "[1].csv", "tab\t.csv", "a../b..csv"]
        for i, name in enumerate(names):
            self.put("logs", named={"odd/" + name: csv(i)})
        lines, _ = self.rows_of(["s3://logs/odd/"])
        self.assertEqual(sorted(lines[1:]), [str(i) for i in range(len(names))])
        for i, name in enumerate(names):
            lines, _ = self.rows_of(["s3://logs/odd/" + name])
            self.assertEqual(lines[1:], [str(i)], name)

    def test_a_list_of_paths(self):
        self.put("logs", named={"lists/today.txt": "../nothing\n".replace("../nothing\n", "one.csv\r\ns3://logs/two.csv\n\n"),
                                "lists/one.csv": csv(1), "two.csv": csv(2)})
        self.write("list.txt", "s3://logs/two.csv\ns3://logs/lists/one.csv\n")
        self.assertEqual(self.rows_of(["@s3://logs/lists/today.txt"])[0][1:], ["1", "2"])
        self.assertEqual(self.rows_of(["@list.txt"])[0][1:], ["2", "1"])

    def test_missing_and_empty(self):
        self.put("logs", named={"here.csv": csv(1), "empty.csv": "", "empty.csv.gz": gzip.compress(b"")})
        self.refused_s3(["s3://logs/her.csv"], "s3://logs/her.csv", "nothing is there", "here.csv", code=2)
        self.refused_s3(["s3://logs/*.json"], "nothing is there", "missing: skip", code=2)
        self.refused_s3(["s3://nowhere/x"], "no bucket", "nowhere", code=2)
        lines, ran = self.rows_of(["s3://logs/her.csv", "s3://nowhere/", "s3://logs/here.csv"], missing="skip")
        self.assertEqual(lines[1:], ["1"])
        notes = " ".join(ran.report["tables"]["events"]["notes"])
        self.says(notes, "skipped, missing: s3://logs/her.csv", "skipped, missing: s3://nowhere/")
        lines, ran = self.rows_of(["s3://logs/"])
        self.assertEqual(lines[1:], ["1"])
        self.says(" ".join(ran.report["tables"]["events"]["notes"]), "skipped, empty: s3://logs/empty.csv.gz")
        self.refused_s3(["s3://logs/"], "is empty", code=2, empty="fail")

    def test_only_what_is_new(self):
        self.put("logs", named={"d/1.csv": csv(1), "d/2.csv": csv(2)})
        self.assertEqual(self.rows_of(["s3://logs/d/"], only_new="state")[0][1:], ["1", "2"])
        self.put("logs", named={"d/3.csv": csv(3), "d/1.csv": csv(7)})
        self.assertEqual(self.rows_of(["s3://logs/d/"], only_new="state")[0][1:], ["7", "3"])

    def test_the_state_is_on_s3_too(self):
        self.put("logs", named={"d/1.csv": csv(1), "d/2.csv": csv(2)})
        read = lambda ranks: self.rows_of(["s3://logs/d/"], ranks=ranks, only_new="s3://out/state/d.jsonl")[0][1:]  # noqa: E731
        self.assertEqual(read(2), ["1", "2"])
        self.assertEqual(self.keys("out"), ["state/d.jsonl"])
        self.assertEqual(read(1), [])
        self.put("logs", named={"d/3.csv": csv(3)})
        self.assertEqual(read(3), ["3"])
        S3.put_object(Bucket="out", Key="state/d.jsonl", Body=b"what is this\n")
        job = {"input": {"paths": "s3://logs/d/", "format": "csv", "only_new": "s3://out/state/d.jsonl"},
               "output": {"path": "out.csv", "overwrite": True}}
        self.says(self.run_s3(job, code=2).err, "s3://out/state/d.jsonl", "is not a state that evclean wrote")
        GATE.allowed["out"] = {OTHER[0]}
        self.says(self.run_s3(job, code=3).err, "s3://out/state/d.jsonl", "AccessDenied")

    def test_rejects_on_s3_are_replayed(self):
        self.put("logs", named={"a.csv": "n,m\n1,2\n3,4,5,6\n7,8\n", "b.csv": "n,m\n9,9,9,9\n"})
        job = {"input": {"paths": "s3://logs/*.csv", "format": "csv", "rejects": {"max": "100%", "path": "s3://out/r.jsonl"}},
               "output": "s3://out/t.csv"}
        self.run_s3(job, ranks=2)
        self.assertEqual(self.get("out", "r.jsonl").count(b"\n"), 2)
        job["input"].update(format="lines")
        ran = self.run_s3(job, "--replay", "s3://out/r.jsonl", ranks=2)
        self.assertEqual(ran.report["ledger"]["lines"], 2)
        self.assertEqual(self.get("out", "t-replay.csv"), b'line\n"3,4,5,6"\n"9,9,9,9"\n')
        self.says(self.run_s3(job, "--overwrite", "--replay", "s3://out/none.jsonl", code=2).err, "s3://out/none.jsonl", "it is not there")

    def test_a_fitted_mapping_on_s3(self):
        self.write("in.csv", "a,n\nx,1\ny,3\nx,\n")
        fit = {"input": "in.csv", "steps": [{"encode": {"one_hot": ["a"], "standardise": ["n"]}}],
               "output": [{"path": "s3://out/models/f.csv"}, {"path": "here.csv"}]}
        self.run_s3(fit, ranks=2)
        self.assertEqual(self.keys("out"), ["models/f.csv", "models/f.mapping.json"])
        again = {"input": "in.csv", "steps": [{"encode": {"fitted": "s3://out/models/f.mapping.json"}}],
                 "output": {"path": "again.csv", "overwrite": True}}
        for ranks in (0, 1, 2, 3, 4):
            GATE.requests.clear()
            self.run_s3(again, ranks=ranks)
            self.assertEqual((self.folder / "again.csv").read_text(), (self.folder / "here.csv").read_text())
            self.assertEqual((self.folder / "again.mapping.json").read_bytes(), self.get("out", "models/f.mapping.json"))
            self.assertEqual(len(GATE.seen(method="GET", object="models/f.mapping.json")), 1)  # by the first rank alone
        for command in (("check",), ("preview",), ("explain",)):
            ran = self.call(*command, "job.yml", env=self.env)
            self.assertEqual(ran.code, 0, ran)
        ran = self.call("check", "--s3", "job.yml", env=self.env)
        self.says(ran.out, "mapping")
        self.assertEqual(ran.code, 0, ran)
        again["steps"][0]["encode"]["fitted"] = "s3://out/models/none.mapping.json"
        for ranks in (0, 3):
            ran = self.run_s3(again, ranks=ranks, code=2)
            self.says(ran.err, "job.yml:1:", "there is no mapping s3://out/models/none.mapping.json")
        S3.put_object(Bucket="out", Key="models/none.mapping.json", Body=b"[]")
        self.says(self.run_s3(again, ranks=2, code=2).err, "job.yml:1:", "s3://out/models/none.mapping.json")

    def test_an_object_reached_twice_is_read_once(self):
        self.put("logs", named={"a/1.csv": csv(1)})
        lines, ran = self.rows_of(["s3://logs/a/1.csv", "s3://logs/a/"])
        self.assertEqual(lines[1:], ["1"])
        self.says(str(ran.report), "reached twice, read once: s3://logs/a/1.csv")

    def test_an_input_that_matches_an_output_is_refused(self):
        self.put("logs", named={"a/1.csv": csv(1)})
        for pattern in ("s3://logs/a/", "s3://logs/**", "s3://logs/a/*.csv"):
            self.refused_s3([pattern], "matches the output", code=2, more={"output": "s3://logs/a/2.csv"})


class Ranks(S3Case):
    def test_one_large_object_is_read_by_all_ranks(self):
        random.seed(7)
        text = csv(*(f"{i},{random.random()}" for i in range(200000))).replace("n\n", "n,x\n", 1)
        self.put("logs", named={"big.csv": text, "big.csv.gz": gzip.compress(text.encode(), 1)})
        for name in ("big.csv", "big.csv.gz"):
            outs = []
            for ranks in (1, 2, 3, 4):
                GATE.requests.clear()
                lines, ran = self.rows_of(["s3://logs/" + name], ranks=ranks, more={"resources": {"chunk": "512KiB"}})
                outs.append((self.folder / "out.csv").read_bytes())
                ranges = [r for r in GATE.seen(method="GET", object=name) if "range" in r.headers]
                self.assertTrue(all(r.headers.get("if-match") for r in ranges))
            self.assertEqual(len(set(outs)), 1)
            self.assertEqual(outs[0].decode(), text)

    def test_ranges_are_not_read_twice(self):
        text = csv(*range(1_000_000))
        self.put("logs", named={"big.csv": text})
        self.rows_of(["s3://logs/big.csv"], ranks=2, more={"resources": {"chunk": "1MiB"}})
        read = 0
        for request in GATE.seen(method="GET", object="big.csv"):
            begin, end = request.headers["range"][6:].split("-")
            read += int(end) - int(begin) + 1
        # The rest: samples, heads of splits, lines that cross their ends.
        self.assertLess(read, 1.5 * len(text) + (4 << 20))

    def test_all_codecs_and_policies(self):
        import bz2
        import lzma
        import subprocess
        text = csv(*range(50000)).encode()
        whole = {"a.gz": gzip.compress(text), "a.bz2": bz2.compress(text), "a.xz": lzma.compress(text),
                 "a.zst": subprocess.run(["zstd", "-qc"], input=text, stdout=subprocess.PIPE, check=True).stdout,
                 "a.lz4": subprocess.run(["lz4", "-qc"], input=text, stdout=subprocess.PIPE, check=True).stdout}
        self.put("logs", named=whole)
        for name in whole:
            lines, _ = self.rows_of(["s3://logs/" + name])
            self.assertEqual("\n".join(lines) + "\n", text.decode(), name)
        half = whole["a.gz"][:len(whole["a.gz"]) // 2]
        self.put("logs", named={"half.gz": half})
        self.write("data/half.gz", half)
        for policy in ("salvage", "skip"):
            on_s3, first = self.rows_of(["s3://logs/half.gz"], corrupt=policy, rejects={"max": "100%"})
            local, second = self.rows_of(["data/half.gz"], corrupt=policy, rejects={"max": "100%"})
            self.assertEqual(on_s3, local)
            self.assertEqual(first.report["ledger"], second.report["ledger"])
        self.refused_s3(["s3://logs/half.gz"], "s3://logs/half.gz", "truncated gzip", code=2)


class Changes(S3Case):
    def changing(self, **keys):
        """Runs while the object is replaced after it was listed."""
        text = csv(*range(100000))
        self.put("logs", named={"a.csv": text, "b.csv": csv(-1, -2)})
        changed = [False]

        def change(request):
            if request.object == "a.csv" and request.headers.get("range", "").startswith("bytes=0-4095"):
                changed[0] = True
            elif request.object == "a.csv" and changed[0]:
                S3.put_object(Bucket="logs", Key="a.csv", Body=text.replace("1", "2").encode())
        GATE.rules.append(change)
        return {"input": dict({"paths": "s3://logs/*.csv", "format": "csv"}, **keys), "output": "out.csv"}

    def test_a_changed_object_is_damage(self):
        ran = self.run_s3(self.changing(), code=2)
        self.says(ran.err, "s3://logs/a.csv", "changed after it was listed")
        self.assertNothingLeft("aws-config", "aws-credentials")

    def test_a_changed_object_is_skipped_whole(self):
        self.run_s3(self.changing(corrupt="skip"))
        self.assertEqual((self.folder / "out.csv").read_text(), csv(-1, -2))

    def test_an_object_that_vanishes(self):
        self.put("logs", named={"a.csv": csv(*range(1000)), "b.csv": csv(1)})
        gone = Refusal(404, "NoSuchKey", "The specified key does not exist.")
        GATE.rules.append(lambda r: gone if r.object == "a.csv" and len(GATE.seen(object="a.csv")) > 1 else None)
        self.refused_s3(["s3://logs/*.csv"], "s3://logs/a.csv", "vanished after it was listed", code=2)


class Accounts(S3Case):
    def test_access_denied_says_who_and_where(self):
        self.put("other.account", named={"a.csv": csv(1)})
        GATE.allowed["other.account"] = {OTHER[0]}
        self.refused_s3(["s3://other.account/a.csv"], "s3://other.account/a.csv", "us-east-1", "the environment",
                        "..." + MAIN[0][-4:], "AccessDenied", "bucket's policy")
        self.refused_s3(["s3://other.account/"], "cannot list s3://other.account/", "AccessDenied")

    def test_wrong_keys(self):
        self.put("logs", named={"a.csv": csv(1)})
        self.refused_s3(["s3://logs/"], "SignatureDoesNotMatch", "secret key does not belong",
                        env={"AWS_SECRET_ACCESS_KEY": "wrong"})
        self.refused_s3(["s3://logs/"], "InvalidAccessKeyId", env={"AWS_ACCESS_KEY_ID": "AKIANOBODY"})
        self.refused_s3(["s3://logs/"], "no credentials", "anonymous: true",
                        env={"AWS_ACCESS_KEY_ID": "", "AWS_SECRET_ACCESS_KEY": ""})

    def test_a_bucket_in_another_region_is_found(self):
        self.put("elsewhere", named={"a.csv": csv(1), "b.csv": csv(2)})
        lines, _ = self.rows_of(["s3://elsewhere/*.csv"])
        self.assertEqual(lines[1:], ["1", "2"])
        regions = [r.region for r in GATE.seen(bucket="elsewhere")]
        self.assertEqual(regions.count("us-east-1"), 1, "asked once where it is not")

    def test_a_region_has_its_own_endpoint(self):
        self.put("elsewhere", named={"a.csv": csv(1)})
        for style in (False, True):
            GATE.requests.clear()
            s3 = {"endpoint": f"http://{{region}}.localhost:{GATE.port}", "path_style": style}
            lines, _ = self.rows_of(["s3://elsewhere/a.csv"], more={"s3": s3})
            self.assertEqual(lines[1:], ["1"])
            hosts = {r.host.split(":")[0] for r in GATE.requests}
            prefix = "" if style else "elsewhere."
            self.assertEqual(hosts, {prefix + "us-east-1.localhost", prefix + "eu-central-1.localhost"})

    def test_a_zone_is_refused_with_its_region(self):
        self.refused_s3(["s3://logs/a"], "us-east-1a", "is a zone", "write us-east-1", code=2, s3={"region": "us-east-1a"})
        self.refused_s3(["s3://logs/a"], "AWS_REGION", "eu-central-1b", "write eu-central-1", code=2,
                        env={"AWS_REGION": "eu-central-1b"})

    def test_anonymous_and_payers(self):
        self.put("logs", named={"a.csv": csv(1)})
        GATE.public.add("logs")
        nobody = {"AWS_ACCESS_KEY_ID": "", "AWS_SECRET_ACCESS_KEY": ""}
        self.env.update(nobody)
        lines, _ = self.rows_of(["s3://logs/a.csv"], s3={"anonymous": True})
        self.assertEqual(lines[1:], ["1"])
        self.assertTrue(all("authorization" not in r.headers for r in GATE.requests))
        self.env.update(AWS_ACCESS_KEY_ID=MAIN[0], AWS_SECRET_ACCESS_KEY=MAIN[1])
        GATE.payers.add("logs")
        self.refused_s3(["s3://logs/a.csv"], "request_payer: true")
        lines, _ = self.rows_of(["s3://logs/a.csv"], s3={"request_payer": True})
        self.assertEqual(lines[1:], ["1"])

    def test_the_nearest_block_wins_whole(self):
        self.put("logs", named={"a.csv": csv(1), "b.csv": csv(2)})
        GATE.payers.add("logs")
        top = {"request_payer": True}
        self.assertEqual(self.rows_of(["s3://logs/a.csv"], more={"s3": top})[0][1:], ["1"])
        # The input's own block replaces the top one: request_payer is gone.
        self.refused_s3(["s3://logs/a.csv"], "AccessDenied", more={"s3": top}, s3={"region": "us-east-1"})


if __name__ == "__main__":
    s3_case.harness.main()
