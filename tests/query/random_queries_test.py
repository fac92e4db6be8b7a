# SPDX-License-Identifier: Apache-2.0
"""Random queries over random tables with nulls: the same answers as DuckDB, whatever the number of ranks.

    random_queries_test.py PROGRAM [SEED [COUNT]]

The seed is printed. The usual one is fixed, so that a failure is a change's and not chance's; others look for more.
"""
import datetime
import random
import sys

import duckdb
import pyarrow as pa

import against_duckdb

SEED = int(sys.argv[2]) if len(sys.argv) > 2 else 20261123
COUNT = int(sys.argv[3]) if len(sys.argv) > 3 else 160

WORDS = ["a", "b", "B", "ab", "Zebra", "ß", "", "null", "x y", "100", "%_"]
UTC = pa.timestamp("us", tz="UTC")


def column(rnd, rows, kind, missing=0.12):
    def one():
        if kind == "key":
            return rnd.randrange(8)
        if kind == "int":
            return rnd.randrange(-20, 60)
        if kind == "quarter":
            return rnd.randrange(-40, 80) / 4
        if kind == "float":
            return rnd.uniform(0.5, 900)
        if kind == "text":
            return rnd.choice(WORDS)
        if kind == "bool":
            return rnd.random() < 0.5
        if kind == "date":
            return datetime.date(2026, 1, 1) + datetime.timedelta(days=rnd.randrange(40))
        return datetime.datetime(2026, 1, 1, tzinfo=datetime.timezone.utc) + datetime.timedelta(
            seconds=rnd.randrange(3_000_000))
    types = {"key": pa.int64(), "int": pa.int64(), "quarter": pa.float64(), "float": pa.float64(), "text": pa.string(),
             "bool": pa.bool_(), "date": pa.date32(), "time": UTC}
    values = [None if rnd.random() < missing else one() for _ in range(rows)]
    return pa.array(values, type=types[kind])


KINDS = {"int": "int", "key": "int", "quarter": "float", "float": "float", "text": "text", "bool": "bool",
         "date": "date", "time": "time"}
SHAPES = {
    "t": (60, {"k": "key", "n": "int", "f": "quarter", "g": "float", "s": "text", "b": "bool", "d": "date",
                "ts": "time"}),
    "u": (32, {"k": "key", "m": "int", "q": "quarter", "name": "text", "ok": "bool", "day": "date"}),
    "w": (9, {"k": "key", "label": "text", "weight": "int"}),
    "nothing": (0, {"k": "key", "label": "text", "weight": "int"}),
}


def make_tables(rnd):
    tables = {}
    for name, (rows, columns) in SHAPES.items():
        arrays = {"id": pa.array(range(rows), type=pa.int64())}
        arrays.update({c: column(rnd, rows, kind) for c, kind in columns.items()})
        tables[name] = pa.table(arrays)
    return tables


class Generator:
    def __init__(self, rnd):
        self.rnd = rnd
        self.names = 0

    def pick(self, *items):
        return self.rnd.choice(items)

    def maybe(self, share):
        return self.rnd.random() < share

    def fresh(self, stem):
        self.names += 1
        return f"{stem}{self.names}"

    # ---- expressions over a scope: {"a.k": "int", …}
    def columns(self, scope, kind):
        return [name for name, its in scope.items() if its == kind]

    def value(self, scope, kind, depth=2):
        known = self.columns(scope, kind)
        if known and (depth <= 0 or self.maybe(0.45)):
            return self.rnd.choice(known)
        if depth <= 0:
            return self.literal(kind)
        sub = lambda k: self.value(scope, k, depth - 1)
        if kind == "int":
            return self.pick(
                lambda: f"({sub('int')} {self.pick('+', '-', '*')} {self.rnd.randrange(1, 9)})",
                lambda: f"({sub('int')} % {self.rnd.randrange(2, 7)})",
                lambda: f"abs({sub('int')})", lambda: f"coalesce({sub('int')}, {self.rnd.randrange(9)})",
                lambda: f"length({sub('text')})", lambda: f"nullif({sub('int')}, {self.rnd.randrange(5)})",
                lambda: f"extract({self.pick('year', 'month', 'day')} from {sub('date')})",
                lambda: f"case when {self.condition(scope, depth - 1)} then {sub('int')} else {sub('int')} end",
                lambda: f"-({sub('int')})", lambda: self.literal("int"))()
        if kind == "float":
            return self.pick(
                lambda: f"({sub('float')} {self.pick('+', '-')} {self.rnd.randrange(1, 40) / 4})",
                lambda: f"({sub('int')} / {self.pick(2, 4, 8, 16)})", lambda: f"cast({sub('int')} as double precision)",
                lambda: f"coalesce({sub('float')}, 0.5)", lambda: f"({sub('float')} * 2)",
                lambda: f"greatest({sub('float')}, {sub('float')})",
                lambda: f"case when {self.condition(scope, depth - 1)} then {sub('float')} end")()
        if kind == "text":
            return self.pick(
                lambda: f"({sub('text')} || 'x')", lambda: f"coalesce({sub('text')}, 'none')",
                lambda: f"lower({sub('text')})", lambda: f"substr({sub('text')}, 1, 2)",
                lambda: f"replace({sub('text')}, 'a', 'oo')", lambda: f"concat({sub('text')}, '-', {sub('text')})",
                lambda: f"case when {self.condition(scope, depth - 1)} then {sub('text')} else 'other' end",
                lambda: f"nullif({sub('text')}, 'a')", lambda: self.literal("text"))()
        if kind == "bool":
            return f"({self.condition(scope, depth - 1)})"
        return self.rnd.choice(known) if known else self.literal(kind)

    def literal(self, kind):
        return {"int": lambda: str(self.rnd.randrange(-5, 30)), "float": lambda: f"{self.rnd.randrange(-20, 60) / 4}",
                "text": lambda: "'" + self.rnd.choice(WORDS) + "'", "bool": lambda: self.pick("true", "false"),
                "date": lambda: f"date '2026-01-{self.rnd.randrange(1, 29):02}'",
                "time": lambda: f"timestamp '2026-01-{self.rnd.randrange(1, 29):02} 12:00:00'"}[kind]()

    def condition(self, scope, depth=2):
        kinds = [k for k in ("int", "int", "float", "text", "date", "time") if self.columns(scope, k)] or ["int"]
        kind = self.rnd.choice(kinds)
        left = self.value(scope, kind, depth - 1)
        choices = [
            lambda: f"{left} {self.pick('=', '<>', '<', '<=', '>', '>=')} {self.value(scope, kind, depth - 1)}",
            lambda: f"{left} {self.pick('=', '<>', '<', '>=')} {self.literal(kind)}",
            lambda: f"{left} is {self.pick('', 'not ')}null",
            lambda: f"{left} {self.pick('', 'not ')}in ({self.literal(kind)}, {self.literal(kind)}, "
                    f"{self.pick('null', self.literal(kind), self.literal(kind))})",
            lambda: f"{left} {self.pick('', 'not ')}between {self.literal(kind)} and {self.literal(kind)}",
            lambda: f"{left} is {self.pick('', 'not ')}distinct from {self.value(scope, kind, depth - 1)}",
        ]
        if self.columns(scope, "text"):
            choices.append(lambda: f"{self.value(scope, 'text', 0)} {self.pick('', 'not ')}like "
                                   f"{self.pick(chr(39) + 'a%' + chr(39), chr(39) + '%b%' + chr(39), chr(39) + '_' + chr(39))}")
        if self.columns(scope, "bool"):
            name = self.rnd.choice(self.columns(scope, "bool"))
            choices += [lambda: name, lambda: f"{name} is {self.pick('', 'not ')}true", lambda: f"not {name}"]
        if depth > 0:
            choices += [lambda: f"({self.condition(scope, depth - 1)} {self.pick('and', 'or')} "
                                f"{self.condition(scope, depth - 1)})",
                        lambda: f"not ({self.condition(scope, depth - 1)})"]
        return self.rnd.choice(choices)()

    # ---- subqueries
    def scalar(self):
        scope = self.scope("q", "u")
        return (f"(select {self.pick('max', 'min', 'sum', 'count')}(q.m) from u q"
                f"{' where ' + self.condition(scope, 1) if self.maybe(0.5) else ''})")

    def membership(self, scope):
        left = self.value(scope, "int", 1)
        table = self.pick("u", "w", "nothing")
        inner = self.scope("q", table)
        number = self.rnd.choice(self.columns(inner, "int"))
        where = f" where {self.condition(inner, 1)}" if self.maybe(0.6) else ""
        if self.maybe(0.35):
            where += (" and " if where else " where ") + f"{number} is not null"
        return f"{left} {self.pick('', 'not ')}in (select {number} from {table} q{where})"

    def where(self, scope):
        parts = []
        for _ in range(self.pick(1, 1, 2, 3)):
            roll = self.rnd.random()
            if roll < 0.15:
                parts.append(self.membership(scope))
            elif roll < 0.2:
                parts.append(f"({self.membership(scope)} or {self.condition(scope, 1)})")
            elif roll < 0.26:
                parts.append(f"{self.value(scope, 'int', 1)} {self.pick('<', '>', '=', '<>')} {self.scalar()}")
            elif roll < 0.3:
                inner = self.scope("q", "w")
                parts.append(f"{self.pick('', 'not ')}exists (select 1 from w q where {self.condition(inner, 1)})")
            else:
                parts.append(self.condition(scope))
        return " and ".join(parts)

    # ---- from
    def scope(self, alias, table):
        columns = {f"{alias}.id": "int"}
        columns.update({f"{alias}.{c}": KINDS[kind] for c, kind in SHAPES[table][1].items()})
        return columns

    def source(self):
        """FROM's text, its scope, and conditions that belong into WHERE."""
        table = self.pick("t", "t", "u", "w", "nothing")
        alias = self.fresh("a")
        text, scope, extra = f"{table} {alias}", self.scope(alias, table), []
        for _ in range(self.pick(0, 0, 1, 1, 2)):
            other = self.pick("u", "w", "w", "nothing" if self.maybe(0.4) else "t")
            name = self.fresh("a")
            more = self.scope(name, other)
            kind = self.pick("int", "int", "int", "text")
            left = self.rnd.choice(self.columns(scope, kind))
            if self.maybe(0.15):
                left = self.value(scope, kind, 1)
            right = self.rnd.choice(self.columns(more, kind))
            equal = f"{left} = {right}" if self.maybe(0.7) else f"{right} = {left}"
            how = self.pick("join", "join", "left join", "left join", "right join", "full join", "cross join", ",")
            if "," in text:
                how = ","  # ON cannot see what stands before a comma
            both = {**scope, **more}
            if how in ("cross join", ","):
                text += f" {how} {other} {name}" if how != "," else f", {other} {name}"
                extra.append(equal)
            else:
                on = equal
                if self.maybe(0.3) and how != "full join":
                    on += f" and {self.condition(both, 1)}"
                if self.maybe(0.2) and how != "full join":
                    on += f" and {self.rnd.choice(self.columns(scope, 'int'))} {self.pick('<', '<>')} " \
                          f"{self.rnd.choice(self.columns(more, 'int'))}"
                text += f" {how} {other} {name} on {on}"
            scope = both
        return text, scope, extra

    # ---- whole queries: text, [kinds of columns], ordered
    def plain(self, kinds=None, nested=False):
        text, scope, extra = self.source()
        if kinds is None:
            kinds = [self.pick("int", "int", "float", "text", "bool", "date") for _ in range(self.pick(1, 2, 3, 4))]
        items = [self.value(scope, kind) for kind in kinds]
        if self.maybe(0.1) and not nested:
            items.append(f"{self.membership(scope)}")
            kinds = kinds + ["bool"]
        names = [f"c{i}" for i in range(len(items))]
        where = extra + ([self.where(scope)] if self.maybe(0.6) else [])
        query = f"select {'distinct ' if self.maybe(0.2) else ''}" + ", ".join(
            f"{item} as {name}" for item, name in zip(items, names)) + f" from {text}"
        if where:
            query += " where " + " and ".join(f"({part})" for part in where)
        ordered = False
        if not nested and self.maybe(0.4):
            ordered = True
            query += " order by " + self.order(names)
            if self.maybe(0.5):
                query += f" limit {self.pick(0, 1, 5, 20)}"
                if self.maybe(0.4):
                    query += f" offset {self.pick(0, 3, 10)}"
        return query, kinds, ordered

    def order(self, names):
        shuffled = list(names)
        self.rnd.shuffle(shuffled)
        return ", ".join(f"{name} {self.pick('', 'asc', 'desc')} {self.pick('', '', 'nulls first', 'nulls last')}"
                         for name in shuffled)

    def aggregate(self, scope):
        kind = self.pick("int", "int", "float", "text", "date", "bool")
        argument = self.value(scope, kind, 1)
        call = self.pick("count(*)", f"count({argument})", f"count(distinct {argument})", f"min({argument})",
                         f"max({argument})")
        if kind in ("int", "float") and self.maybe(0.6):
            call = f"{self.pick('sum', 'avg', 'stddev')}({argument})"
        if self.maybe(0.25):
            call += f" filter (where {self.condition(scope, 1)})"
        return call

    def grouped(self):
        text, scope, extra = self.source()
        keys = [self.value(scope, self.pick("int", "text", "date", "bool"), self.pick(0, 1))
                for _ in range(self.pick(0, 1, 1, 2))]
        keys = [key for key in keys if any(name in key for name in scope)]
        aggregates = [self.aggregate(scope) for _ in range(self.pick(1, 2, 3))]
        items = keys + aggregates
        names = [f"c{i}" for i in range(len(items))]
        where = extra + ([self.where(scope)] if self.maybe(0.5) else [])
        query = "select " + ", ".join(f"{item} as {name}" for item, name in zip(items, names)) + f" from {text}"
        if where:
            query += " where " + " and ".join(f"({part})" for part in where)
        if keys:
            by = [str(i + 1) for i in range(len(keys))] if self.maybe(0.5) else keys
            query += " group by " + ", ".join(by)
        if self.maybe(0.3):
            query += f" having {self.pick('count(*) > 1', 'count(*) >= ' + self.scalar(), self.aggregate(scope) + ' is not null')}"
        ordered = bool(keys) and self.maybe(0.4)
        if ordered:
            query += " order by " + self.order(names)
            if self.maybe(0.5):
                query += f" limit {self.pick(1, 3, 10)}"
        return query, None, ordered

    def union(self):
        first, kinds, _ = self.plain(nested=True)
        parts = [first] + [self.plain(kinds, nested=True)[0] for _ in range(self.pick(1, 1, 2))]
        query = " union all ".join(parts)
        if self.maybe(0.4):
            names = [f"c{i}" for i in range(len(kinds))]
            return query + " order by " + self.order(names), kinds, True
        return query, kinds, False

    def nested(self):
        inner, kinds, _ = self.pick(lambda: self.plain(nested=True), self.union_unordered)()
        scope = {f"q.c{i}": kind for i, kind in enumerate(kinds)}
        if self.maybe(0.5):
            key = self.rnd.choice(list(scope))
            return (f"select {key} as c0, {self.aggregate(scope)} as c1 from ({inner}) q where {self.where(scope)} "
                    f"group by {key}"), None, False
        return f"select q.*, {self.value(scope, 'int')} as more from ({inner}) q where {self.where(scope)}", None, False

    def union_unordered(self):
        first, kinds, _ = self.plain(nested=True)
        return first + " union all " + self.plain(kinds, nested=True)[0], kinds, False

    def common(self):
        inner, kinds, _ = self.plain(["int", "text", "int"], nested=True)
        join = self.pick("join", "left join", "full join")
        return (f"with q as ({inner}), totals as (select c0, count(*) as c3, sum(c2) as c4 from q group by c0) "
                f"select q.c1 as c0, q.c2 as c1, totals.c3 as c2, totals.c4 as c3 from q {join} totals on q.c0 = totals.c0"), \
            None, False

    def query(self):
        return self.rnd.choices([self.plain, self.grouped, self.union, self.nested, self.common],
                                [36, 34, 10, 12, 8])[0]()


FIXED = [
    "select * from t", "select t.*, u.name from t join u on t.k = u.k", "select count(*) from nothing",
    "select k, count(*) from nothing group by k", "select sum(weight), max(label), avg(weight) from nothing",
    "select k from t where k not in (select k from w)", "select k from t where k not in (select k from nothing)",
    "select k, k in (select k from w) as known, k not in (select k from nothing) as none from t",
    "select id from t where (select max(k) from nothing) is null",
    "select k, t.n, u.m from t full join u using (k)",
    "select * from t natural join w", "select a.k, b.k from w a full join w b on a.k = b.k + 1",
    "select a.id, b.id from w a left join w b on a.weight < b.weight",
    "select a.id, b.id from w a right join w b on a.weight < b.weight and a.k = b.k",
    "select t.id from t, u, w where t.k = w.k and w.k = u.k and u.m > 3",
    "select count(*), sum(t.n) from t, u, w where t.k = w.k and w.weight = u.m",
    "select t.s, count(*) from t left join u on t.k = u.k where u.ok group by t.s",
    "select t.s, count(u.id) from t left join u on t.k = u.k and u.m > 10 group by t.s order by 2 desc, 1",
    "select s, sum(n) / count(*) as per, count(*) filter (where b) as yes from t group by s having count(*) > 2",
    "select extract(month from d) as month, count(distinct s) from t group by month order by month",
    "select s as word from t group by word order by word desc nulls first limit 3",
    "select distinct k, b from t order by k, b", "select distinct s from t union all select name from u",
    "select x.k, x.total from (select k, sum(n) as total from t group by k) x join w on w.k = x.k where x.total > 3",
    "select k, count(*) from t group by k having k > 2 and count(*) > (select count(*) from nothing)",
    "select k from t union all select k from u union all select weight from w order by 1 limit 12 offset 2",
    "select n from t where exists (select 1 from w where weight > 5) order by n limit 4",
    "select n from t where not exists (select 1 from nothing)",
    "with a as (select k, n from t where n > 0), b as (select k, max(n) as top from a group by k) "
    "select a.k, a.n from a join b on a.k = b.k and a.n = b.top",
    "select (select count(*) from u) as users, (select min(day) from u) as first_day, id from w",
    "select sum(case when b then n else 0 end) from t where (k = 1 and n > 3) or (k = 1 and n < 0)",
    "select count(*) from t, w where (t.k = w.k and t.n > 3) or (t.k = w.k and w.weight > 7)",
    "select k, avg(f) as m from t group by k order by avg(f) desc, k limit 2",
    "select 1 as a, 'x' as b, null as c", "select 1 as a where 1 > 2", "select count(*), sum(2), max('x')",
    "select 3 as k union all select k from t union all select 4", "select distinct 1 as a union all select 1",
    "with one as (select 1 as k, 2 as n) select one.*, t.id from one left join t on t.k = one.k",
    "select k from t where k in (select 2 union all select 3)", "select (select max(k) from t) as top, 5 in (select k from w) as five",
    "select id from t where exists (select 1) and k > (select 2)",
    "select v.b, t.id from (values (1, 'x'), (2, 'y'), (null, 'z')) as v(a, b) left join t on t.k = v.a",
    "select count(*) from t where k in (values (1), (3))",
    "select max(d) - min(d) as days from t", "select k from t where s in ('a', 'b') and d >= date '2026-01-10'",
    "select t.k from t where t.k in (select w.k from w join u on w.k = u.k where u.ok)",
    "select count(*) from t where n + 1 in (select weight from w where weight is not null)",
    "select 5 in (select k from w) as five, id from u", "select id from u where 5 in (select k from w)",
    "select id from u where 99 not in (select weight from w where weight is not null)",
    "select ok, name, max(m), min(q) from u group by ok, name order by ok nulls first, name desc nulls first",
    "select length(s) as l, count(*) from t group by l order by count(*) desc, l",
    "select k, sum(n) from (select k, n from t where n > 0 union all select k, m from u) z group by k",
    "select * from (select k, count(*) as c from t group by k) a left join (select k, count(*) as c from u group by k) b "
    "on a.k = b.k where b.c is null or b.c > 3",
]


def main():
    print(f"seed {SEED}", flush=True)
    rnd = random.Random(SEED)
    tables = make_tables(rnd)
    connection = against_duckdb.connect(tables)
    generator = Generator(rnd)
    queries = [(text, None, " order by " in text and " limit " in text) for text in FIXED]
    queries.append(("select * from t join u using (k)",  # as in PostgreSQL, the key comes first
                    "select k, t.* exclude (k), u.* exclude (k) from t join u using (k)", False))
    refused = 0
    while len(queries) < len(FIXED) + 1 + COUNT:
        text, _, ordered = generator.query()
        try:
            rows = len(connection.execute(text).fetchall())
        except duckdb.Error:
            refused += 1  # what DuckDB itself does not take (some full joins) is no question
            continue
        if rows <= 5_000:
            queries.append((text, None, ordered))
    print(f"{len(queries)} queries, {refused} that DuckDB refused left out", flush=True)
    against_duckdb.check(tables, queries, sys.argv[1], [1, 2 + SEED % 3], minimum=150)


main()
