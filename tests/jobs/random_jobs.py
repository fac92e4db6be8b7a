# SPDX-License-Identifier: Apache-2.0
"""Random jobs and messy inputs for them, by a seed: what random_jobs_test.py runs. A pipeline knows the columns it has and
mostly asks for what is there; `Pipeline.job` is the job, `Pipeline.inputs` the files by name."""

import bz2
import csv
import gzip
import io
import json
import lzma

WORDS = ["Ann", "Bob", "日本語", "a,b", 'say "x"', " edge ", "two\nlines", "", "NA", "None", "-", "cr\r\nlf", "x" * 90, "🙂", "1e5", "true", "=1+1"]
KEYS = ["k0", "k1", "k2", "", "None", "ключ", "K1"]
AGENTS = ["curl/8", "-", "Mozilla/5.0 (iPhone; CPU iPhone OS 17_0 like Mac OS X) Mobile/15E148 Safari/604.1", "Googlebot/2.1"]
COMBINED = {"ip": "text", "user": "text", "time": "time", "method": "text", "path": "text", "status": "int", "bytes": "int",
            "referer": "text", "user_agent": "text"}
TABULAR = {"id": "int", "k": "text", "name": "text", "price": "float", "n": "int", "day": "day", "t": "time", "ok": "bool", "mix": "text"}
ENDINGS = [".csv", ".csv.gz", ".csv.zst", ".tsv", ".jsonl", ".jsonl.gz", ".parquet", ".arrow"]


def packed(rng, text):
    data = text.encode()
    way = rng.choice(["plain"] * 5 + ["gzip", "members", "bzip2", "xz"])
    if way == "gzip":
        return gzip.compress(data)
    if way == "members":
        middle = rng.randrange(len(data) + 1)
        return gzip.compress(data[:middle]) + gzip.compress(data[middle:])
    return {"bzip2": bz2.compress, "xz": lzma.compress}.get(way, bytes)(data)


class Records:
    """Rows of the same kind as text in a format."""

    def __init__(self, rng, kind):
        self.rng, self.kind, self.next = rng, kind, 0

    def row(self):
        rng = self.rng
        self.next += 1
        hot = rng.random() < 0.3
        return {"id": self.next - 1, "k": "k1" if hot else rng.choice(KEYS + [f"k{rng.randrange(400)}"]),
                "name": rng.choice(WORDS) * rng.choice([1, 1, 1, 2]),
                "price": rng.choice([None, 1.5, 2.25, -7.125, 1e3, rng.randrange(1000) / 8]), "n": rng.choice([None, 0, -3, rng.randrange(50)]),
                "day": f"20{rng.randrange(18, 27)}-{rng.randint(1, 12):02}-{rng.randint(1, 28):02}",
                "t": f"2026-11-{rng.randint(1, 28):02} {rng.randrange(24):02}:{rng.randrange(60):02}:07{rng.choice(['', '.5'])}",
                "ok": rng.choice([True, False]), "mix": rng.choice(["7", "x", "1.5", "2026-01-02", "true"])}

    def csv(self, count, delimiter):
        names = list(TABULAR)
        self.rng.shuffle(names)
        text = io.StringIO()
        writer = csv.writer(text, lineterminator=self.rng.choice(["\n", "\n", "\r\n"]), delimiter=delimiter)
        writer.writerow(names)
        for _ in range(count):
            row = self.row()
            cells = [{True: "true", False: "false", None: ""}.get(row[n], row[n]) if isinstance(row[n], bool) or row[n] is None else row[n]
                     for n in names]
            cut = self.rng.random()
            writer.writerow(cells if cut > 0.03 else cells + ["more", "more"] if cut > 0.02 else cells[:self.rng.randint(1, 8)])
            if self.rng.random() < 0.01:
                text.write("\n")
        return text.getvalue()

    def json(self, count):
        rng, lines = self.rng, []
        for _ in range(count):
            row = self.row()
            if rng.random() < 0.3:
                row["tags"] = rng.choice([[], ["a"], ["b", 2], [{"x": 1}, None]])
            if rng.random() < 0.4:
                row["req"] = {"size": row["n"], "kind": rng.choice(["view", "buy"])}
            if rng.random() < 0.1:
                row = dict(sorted(row.items()))
            if rng.random() < 0.1:
                del row[rng.choice(list(row))]
            line = json.dumps(row, ensure_ascii=rng.random() < 0.3, separators=rng.choice([(",", ":"), (", ", ": ")]))
            lines.append(line if rng.random() > 0.02 else rng.choice([line[:-5], "", "[1]", "noise", line + ","]))
        return "\n".join(lines) + rng.choice(["\n", ""])

    def combined(self, count):
        rng, lines = self.rng, []
        for i in range(count):
            request = rng.choice([f"GET /product/{i % 97} HTTP/1.1", f"POST /search?q=a%20b{i % 7} HTTP/2.0", r"\x16\x03", "-", "GET /é HTTP/1.1"])
            lines.append(f'10.0.{rng.randrange(3)}.{rng.randrange(40)} - {rng.choice(["-", "ann"])} '
                         f'[{rng.randint(1, 28):02}/Nov/2026:06:{rng.randrange(60):02}:16 +0{rng.randrange(10)}00] "{request}" '
                         f'{rng.choice([200, 304, 404, 500])} {rng.choice(["-", "0", str(i)])} "-" "{rng.choice(AGENTS)}"')
            if rng.random() < 0.03:
                lines.append(rng.choice(["", "noise", '"broken', lines[-1][:40]]))
        return "\n".join(lines) + rng.choice(["\n", ""])

    def text(self, count):
        if self.kind == "combined":
            return self.combined(count)
        return self.json(count) if self.kind == "json" else self.csv(count, "\t" if self.kind == "tsv" else ",")


class Pipeline:
    """A job over tables of one kind; `columns` are those of the table as it stands, name to kind of value."""

    def __init__(self, rng):
        self.rng = rng
        self.kind = rng.choice(["csv", "csv", "json", "json", "tsv", "combined"])
        self.columns = dict(COMBINED if self.kind == "combined" else TABULAR)
        self.inputs = self.make_inputs("data", rng.choice([1, 1, 2, 4]), rng.choice([0, 3, 60, 600, 1500]))
        self.inputs |= {"users.csv": self.users()}
        self.tagged = self.kind == "json"  # a column `tags` may be there
        self.corrupt = rng.choice(["fail", "fail", "salvage", "skip"])
        if self.corrupt != "fail":
            self.cut_off()
        self.made = 0
        self.steps = []
        self.job = self.make_job()

    def make_inputs(self, folder, files, rows):
        records = Records(self.rng, self.kind)
        made = {f"{folder}/{i}.log": packed(self.rng, records.text(rows // files)) for i in range(files)}
        if self.rng.random() < 0.2:
            made[f"{folder}/e.log"] = b""
        return made

    def cut_off(self):
        """A compressed file ends early."""
        name = self.rng.choice([name for name in self.inputs if name.startswith("data/")])
        content = self.inputs[name]
        if content[:2] == b"\x1f\x8b":
            self.inputs[name] = content[:self.rng.randrange(20, max(21, len(content)))]

    def users(self):
        """A lookup table: keys more than once, some unknown, some missing."""
        keys = KEYS + [f"k{i}" for i in range(0, 400, 3)] + [f"10.0.1.{i}" for i in range(30)]
        rows = [(self.rng.choice(keys), self.rng.choice(["DE", "FR", ""]), i) for i in range(self.rng.choice([0, 5, 150]))]
        return "key,country,plan\n" + "".join(f"{key},{country},{plan}\n" for key, country, plan in rows)

    # ---- columns --------------------------------------------------------------------------------------------------------

    def some(self, *kinds):
        """A column of one of these kinds (any, without one); None when there is none."""
        fitting = [name for name, kind in self.columns.items() if not kinds or kind in kinds]
        return self.rng.choice(fitting) if fitting else None

    def several(self, most, *kinds):
        fitting = [name for name, kind in self.columns.items() if not kinds or kind in kinds]
        return self.rng.sample(fitting, min(len(fitting), self.rng.randint(1, most)))

    def new_name(self):
        self.made += 1
        return f"c{self.made}"

    @staticmethod
    def quoted(name):
        return '"' + name + '"'

    def condition(self):
        q, rng = self.quoted, self.rng
        kind = rng.choice(["int", "text", "float", "null", "time", "both"])
        if kind == "int" and self.some("int"):
            return f"{q(self.some('int'))} % {rng.choice([2, 3, 7])} {rng.choice(['=', '<>'])} {rng.randrange(3)}"
        if kind == "float" and self.some("float", "int"):
            return f"{q(self.some('float', 'int'))} {rng.choice(['<', '>='])} {rng.choice([0, 10.5, 300])}"
        if kind == "time" and self.some("time", "day"):
            return f"{q(self.some('time', 'day'))} >= '2026-11-{rng.randint(1, 28):02}'"
        if kind == "text" and self.some("text"):
            name = q(self.some("text"))
            return rng.choice([f"{name} like '%a%'", f"{name} ~ '^[A-Zk]'", f"{name} in ('k1', 'Ann', 'GET')", f"length({name}) > 3"])
        if kind == "both":
            return f"not ({self.condition()}) or {self.condition()}"
        return f"{q(self.some())} is {rng.choice(['', 'not '])}null"

    def condition_of(self, names):
        return f"{self.quoted(self.rng.choice(names))} is not null"

    def expression(self):
        """An expression and the kind of its value."""
        q, rng = self.quoted, self.rng
        made = []
        if (name := self.some("int")):
            made += [(f"{q(name)} * 3 + 1", "int"), (f"{q(name)} / 4", "float"), (f"cast({q(name)} as text) || '!'", "text")]
        if (name := self.some("text")):
            made += [(f"upper({q(name)})", "text"), (f"coalesce({q(name)}, 'none')", "text"), (f"length({q(name)})", "int"),
                     (f"hash({q(name)})", "int"), (f"split_part({q(name)}, 'a', 1)", "text"), (f"device_class({q(name)})", "text")]
        if (name := self.some("time")):
            made += [(f"date_trunc('day', {q(name)})", "time"), (f"extract(hour from {q(name)})", "int"), (f"{q(name)} + interval '1 day'", "time")]
        if (name := self.some("float")):
            made += [(f"round({q(name)}, 1)", "float"), (f"case when {q(name)} > 2 then 'high' else 'low' end", "text")]
        return rng.choice(made or [("1", "int")])

    # ---- steps ----------------------------------------------------------------------------------------------------------

    def step_filter(self):
        return {"filter": self.condition()}

    def step_set(self):
        expression, kind = self.expression()
        name = self.new_name() if self.rng.random() < 0.7 else self.some()
        self.columns[name] = kind
        return {"set": {name: expression}}

    def step_flag(self):
        name = self.new_name()
        condition = self.condition()
        self.columns[name] = "bool"
        return {"flag": {name: condition}}

    def step_fill(self):
        return {"fill": self.rng.choice(["None", {"all": 0}, {"all": "?"}])}

    def step_parse(self):
        column = self.some("text")
        if column is None:
            return self.step_set()
        first, second = self.new_name(), self.new_name()
        self.columns |= {first: "text", second: "text"}
        return {"parse": {"column": column, "patterns": [rf"^(?<{first}>[A-Za-z]+)\W(?<{second}>.*)$", rf"(?<{second}>\d+)"],
                          "all": self.rng.random() < 0.3}}

    def step_select(self):
        kept = self.several(6)
        self.tagged = False
        self.columns = {name: self.columns[name] for name in kept}
        return {"select": kept}

    def step_drop(self):
        if len(self.columns) < 3:
            return self.step_set()
        name = self.some()
        del self.columns[name]
        return {"drop": [name]}

    def step_rename(self):
        if self.rng.random() < 0.2:
            return {"rename": "warehouse"}
        old, new = self.some(), self.new_name()
        self.columns = {(new if name == old else name): kind for name, kind in self.columns.items()}
        return {"rename": {old: new}}

    def step_cast(self):
        name = self.some()
        kind = self.rng.choice(["string", "float64", "int64"])
        self.columns[name] = {"string": "text", "float64": "float", "int64": "int"}[kind]
        return {"cast": {name: kind, "on_error": None}}

    def step_map(self):
        name = self.some("text")
        return {"map": {"column": name, "values": {"k1": "one", "Ann": "Anna", "GET": "get"}}} if name else self.step_fill()

    def step_explode(self):
        if not self.tagged:
            return self.step_index()
        name = self.new_name()
        self.columns[name] = "text"
        return {"explode": {"column": "tags", "as": name, "keep_empty": self.rng.random() < 0.5}}

    def step_index(self):
        name = self.new_name()
        self.columns[name] = "int"
        return {"index": name}

    def step_distinct(self):
        return {"distinct": self.several(2)}

    def step_sort(self):
        return {"sort": [self.rng.choice(["", "-"]) + name for name in self.several(3)]}

    def step_limit(self):
        return {"limit": self.rng.choice([0, 1, 50, 500])}

    def step_sample(self):
        return {"sample": {"fraction": 0.7, "seed": self.rng.randrange(9)}}

    def step_join(self):
        on = self.some("text")
        how = self.rng.choice(["inner", "left", "right", "full", "semi", "anti"])
        if on is None or {"country", "plan"} & set(self.columns):
            return self.step_filter()
        if how not in ("semi", "anti"):
            self.columns |= {"country": "text", "plan": "int"}
        step = {"table": "users", "on": {on: "key"}, "how": how}
        return {"join": step | ({"strategy": self.strategy} if self.strategy else {})}

    def step_group(self):
        by = self.several(2)
        aggregates = {"rows": "count(*)"}
        kinds = {name: self.columns[name] for name in by} | {"rows": "int"}
        for text, kind in (("sum", "number"), ("avg", "float"), ("min", "any"), ("count(distinct", "int"), ("first", "any")):
            name = self.some("int", "float") if kind in ("number", "float") else self.some()
            if name is None or self.rng.random() < 0.5:
                continue
            made = self.new_name()
            aggregates[made] = f"{text}({self.quoted(name)})" if "(" not in text else f"{text} {self.quoted(name)})"
            kinds[made] = {"number": self.columns[name], "any": self.columns[name]}.get(kind, kind)
        self.columns, self.tagged = kinds, False
        return {"group": {"by": by, "agg": aggregates}}

    def step_sessionize(self):
        by, time = self.some("text", "int"), self.some("time")
        if by is None or time is None or "session_id" in self.columns:
            return self.step_sort()
        self.columns |= {"session_id": "text", "session_seq": "int"}
        return {"sessionize": {"by": [by], "time": time, "gap": "30m"}}

    def step_sql(self):
        q, self.tagged = self.quoted, False
        if self.rng.random() < 0.5:
            names = self.several(4)
            query = f"select {', '.join(map(q, names))} from events where {self.condition()} order by {q(self.rng.choice(names))} desc"
            self.columns = {name: self.columns[name] for name in names}
            if self.rng.random() < 0.4:
                query = f"select * from (({query} limit 30) union all select {', '.join(map(q, names))} from events where {self.condition_of(names)}) a"
            return {"sql": query}
        key = self.some("text")
        if key is None:
            return self.step_filter()
        query = (f"select e.{q(key)}, u.country, count(*) as rows from events e left join users u on e.{q(key)} = u.key "
                 f"group by e.{q(key)}, u.country order by rows desc, 1, 2 limit 40")
        self.columns = {key: "text", "country": "text", "rows": "int"}
        return {"sql": query}

    # ---- the job --------------------------------------------------------------------------------------------------------

    def make_job(self):
        rng = self.rng
        self.strategy = rng.choice([None, None, "broadcast", "keys", "rows"])
        record_steps = ["filter", "set", "flag", "fill", "parse", "select", "drop", "rename", "cast", "map", "explode", "limit", "sample"]
        table_steps = ["index", "distinct", "sort", "join", "group", "sessionize", "sql"]
        if rng.random() < 0.1:
            self.steps.append({"align": "again"})
            self.columns |= {f"{name}_right": kind for name, kind in self.columns.items()}
        for _ in range(rng.choice([0, 1, 2, 3, 5, 7])):
            self.steps.append(getattr(self, f"step_{rng.choice(record_steps + table_steps)}")())
        source = {"paths": "data", "format": self.kind, "rejects": {"max": "40%", "path": "rejects.jsonl"}, "source": rng.random() < 0.2,
                  "corrupt": self.corrupt}
        if rng.random() < 0.2:
            source["nulls"] = ["-", "None"]
        outputs = [{"path": f"o{i}{ending}"} for i, ending in enumerate(rng.sample(ENDINGS, rng.choice([1, 2, 3])))]
        for output in outputs:
            self.spread(output)
        tables = {"users": {"paths": "users.csv", "format": "csv"}}
        if self.steps and "align" in self.steps[0]:
            tables["again"] = {key: value for key, value in source.items() if key != "source"} | {"rejects": {"max": "40%"}}
            source["source"] = False
        return {"input": source, "tables": tables, "steps": self.steps, "output": outputs}

    def spread(self, output):
        """Some outputs are several files."""
        way = self.rng.choice(["one"] * 4 + ["files", "size", "folders"])
        if way == "files":
            output["files"] = self.rng.choice([2, 5])
        elif way == "size":
            output["file_size"] = self.rng.choice(["2KiB", "40KiB"])
        elif way == "folders" and self.some("bool", "text"):
            ending = output["path"].split(".", 1)[1]
            output |= {"path": output["path"].split(".")[0] + "/", "format": ending, "partition_by": [self.some("bool", "text")], "max_partitions": 2000}
