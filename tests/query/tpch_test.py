# SPDX-License-Identifier: Apache-2.0
"""The queries of TPC-H that the subset covers, over a small database from a seeded generator: the same answers as
DuckDB. Those that need a correlated subquery are refused by name.

    tpch_test.py PROGRAM
"""
import datetime
import random
import sys

import pyarrow as pa

import against_duckdb

NATIONS = ["ALGERIA", "ARGENTINA", "BRAZIL", "CANADA", "EGYPT", "ETHIOPIA", "FRANCE", "GERMANY", "INDIA", "INDONESIA",
           "IRAN", "IRAQ", "JAPAN", "JORDAN", "KENYA", "MOROCCO", "MOZAMBIQUE", "PERU", "CHINA", "ROMANIA",
           "SAUDI ARABIA", "VIETNAM", "RUSSIA", "UNITED KINGDOM", "UNITED STATES"]
REGION_OF = [0, 1, 1, 1, 4, 0, 3, 3, 2, 2, 4, 4, 2, 4, 0, 0, 0, 1, 2, 3, 4, 2, 3, 3, 1]
REGIONS = ["AFRICA", "AMERICA", "ASIA", "EUROPE", "MIDDLE EAST"]
SEGMENTS = ["AUTOMOBILE", "BUILDING", "FURNITURE", "HOUSEHOLD", "MACHINERY"]
PRIORITIES = ["1-URGENT", "2-HIGH", "3-MEDIUM", "4-NOT SPECIFIED", "5-LOW"]
MODES = ["AIR", "AIR REG", "FOB", "MAIL", "RAIL", "SHIP", "TRUCK"]
INSTRUCTIONS = ["COLLECT COD", "DELIVER IN PERSON", "NONE", "TAKE BACK RETURN"]
CONTAINERS = [f"{size} {kind}" for size in ("SM", "MED", "LG", "JUMBO", "WRAP")
              for kind in ("CASE", "BOX", "PACK", "PKG", "BAG")]
TYPES = [f"{a} {b} {c}" for a in ("STANDARD", "SMALL", "MEDIUM", "LARGE", "ECONOMY", "PROMO")
         for b in ("ANODIZED", "BURNISHED", "PLATED", "POLISHED", "BRUSHED")
         for c in ("TIN", "NICKEL", "BRASS", "STEEL", "COPPER")]
COLOURS = ["almond", "forest", "green", "ivory", "lemon", "navy", "olive", "plum", "rose", "violet"]


def table(rows, **types):
    columns = list(zip(*rows))
    return pa.table({name: pa.array(column, type=kind) for (name, kind), column in zip(types.items(), columns)})


def generate():
    rnd = random.Random(19920102)
    integer, real, text, day = pa.int64(), pa.float64(), pa.string(), pa.date32()
    money = lambda low, high: round(rnd.uniform(low, high), 2)
    words = lambda: " ".join(rnd.choice(["special", "requests", "carefully", "final", "Customer", "Complaints", "deposits"])
                             for _ in range(4))
    suppliers, customers, parts, orders_count = 30, 120, 160, 900
    nation_of = lambda: rnd.randrange(25)
    tables = {
        "region": table([(i, n) for i, n in enumerate(REGIONS)], r_regionkey=integer, r_name=text),
        "nation": table([(i, n, REGION_OF[i]) for i, n in enumerate(NATIONS)], n_nationkey=integer, n_name=text,
                        n_regionkey=integer),
        "supplier": table([(i, f"Supplier#{i:09}", f"street {i}", nation_of(), f"{i:015}", money(-999, 9999), words())
                           for i in range(1, suppliers + 1)], s_suppkey=integer, s_name=text, s_address=text,
                          s_nationkey=integer, s_phone=text, s_acctbal=real, s_comment=text),
        "customer": table([(i, f"Customer#{i:09}", f"road {i}", nation_of(), f"{10 + i % 25}-{i:03}", money(-999, 9999),
                            rnd.choice(SEGMENTS), words()) for i in range(1, customers + 1)], c_custkey=integer,
                          c_name=text, c_address=text, c_nationkey=integer, c_phone=text, c_acctbal=real,
                          c_mktsegment=text, c_comment=text),
        "part": table([(i, " ".join(rnd.sample(COLOURS, 3)), f"Brand#{rnd.randrange(1, 4)}{rnd.randrange(1, 6)}",
                        rnd.choice(TYPES), rnd.randrange(1, 51), rnd.choice(CONTAINERS), 900 + i / 10)
                       for i in range(1, parts + 1)], p_partkey=integer, p_name=text, p_brand=text, p_type=text,
                      p_size=integer, p_container=text, p_retailprice=real),
    }
    part_suppliers = [(p, s, rnd.randrange(1, 9999), money(1, 1000)) for p in range(1, parts + 1)
                      for s in sorted(rnd.sample(range(1, suppliers + 1), 4))]
    tables["partsupp"] = table(part_suppliers, ps_partkey=integer, ps_suppkey=integer, ps_availqty=integer,
                               ps_supplycost=real)
    orders, lines = [], []
    start = datetime.date(1992, 1, 1)
    for key in range(1, orders_count + 1):
        placed = start + datetime.timedelta(days=rnd.randrange(2400))
        total = 0.0
        for number in range(1, rnd.randrange(1, 8)):
            part, supplier, _, _ = rnd.choice(part_suppliers)
            quantity = rnd.randrange(1, 51)
            price = round(quantity * (900 + part / 10), 2)
            shipped = placed + datetime.timedelta(days=rnd.randrange(1, 122))
            committed = placed + datetime.timedelta(days=rnd.randrange(30, 91))
            received = shipped + datetime.timedelta(days=rnd.randrange(1, 31))
            old = received <= datetime.date(1995, 6, 17)
            lines.append((key, part, supplier, number, quantity, price, rnd.randrange(11) / 100, rnd.randrange(9) / 100,
                          rnd.choice("RA") if old else "N", "F" if shipped <= datetime.date(1995, 6, 17) else "O",
                          shipped, committed, received, rnd.choice(INSTRUCTIONS), rnd.choice(MODES)))
            total += price
        # A third of the customers never order.
        customer = rnd.choice([c for c in range(1, customers + 1) if c % 3 != 0])
        orders.append((key, customer, rnd.choice("FOP"), round(total, 2), placed, rnd.choice(PRIORITIES), 0, words()))
    tables["orders"] = table(orders, o_orderkey=integer, o_custkey=integer, o_orderstatus=text, o_totalprice=real,
                             o_orderdate=day, o_orderpriority=text, o_shippriority=integer, o_comment=text)
    tables["lineitem"] = table(lines, l_orderkey=integer, l_partkey=integer, l_suppkey=integer, l_linenumber=integer,
                               l_quantity=integer, l_extendedprice=real, l_discount=real, l_tax=real, l_returnflag=text,
                               l_linestatus=text, l_shipdate=day, l_commitdate=day, l_receiptdate=day,
                               l_shipinstruct=text, l_shipmode=text)
    return tables


QUERIES = {
    1: """select l_returnflag, l_linestatus, sum(l_quantity) as sum_qty, sum(l_extendedprice) as sum_base_price,
          sum(l_extendedprice * (1 - l_discount)) as sum_disc_price,
          sum(l_extendedprice * (1 - l_discount) * (1 + l_tax)) as sum_charge, avg(l_quantity) as avg_qty,
          avg(l_extendedprice) as avg_price, avg(l_discount) as avg_disc, count(*) as count_order
          from lineitem where l_shipdate <= date '1998-12-01' - interval '90' day
          group by l_returnflag, l_linestatus order by l_returnflag, l_linestatus""",
    3: """select l_orderkey, sum(l_extendedprice * (1 - l_discount)) as revenue, o_orderdate, o_shippriority
          from customer, orders, lineitem where c_mktsegment = 'BUILDING' and c_custkey = o_custkey
          and l_orderkey = o_orderkey and o_orderdate < date '1995-03-15' and l_shipdate > date '1995-03-15'
          group by l_orderkey, o_orderdate, o_shippriority order by revenue desc, o_orderdate limit 10""",
    5: """select n_name, sum(l_extendedprice * (1 - l_discount)) as revenue
          from customer, orders, lineitem, supplier, nation, region
          where c_custkey = o_custkey and l_orderkey = o_orderkey and l_suppkey = s_suppkey
          and c_nationkey = s_nationkey and s_nationkey = n_nationkey and n_regionkey = r_regionkey
          and r_name = 'ASIA' and o_orderdate >= date '1993-01-01'
          and o_orderdate < date '1993-01-01' + interval '3' year group by n_name order by revenue desc""",
    6: """select sum(l_extendedprice * l_discount) as revenue from lineitem where l_shipdate >= date '1994-01-01'
          and l_shipdate < date '1994-01-01' + interval '1' year and l_discount between 0.05 and 0.07
          and l_quantity < 24""",
    7: """select supp_nation, cust_nation, l_year, sum(volume) as revenue from (
          select n1.n_name as supp_nation, n2.n_name as cust_nation, extract(year from l_shipdate) as l_year,
          l_extendedprice * (1 - l_discount) as volume
          from supplier, lineitem, orders, customer, nation n1, nation n2
          where s_suppkey = l_suppkey and o_orderkey = l_orderkey and c_custkey = o_custkey
          and s_nationkey = n1.n_nationkey and c_nationkey = n2.n_nationkey
          and ((n1.n_name = 'FRANCE' and n2.n_name = 'GERMANY') or (n1.n_name = 'GERMANY' and n2.n_name = 'FRANCE'))
          ) as shipping group by supp_nation, cust_nation, l_year order by supp_nation, cust_nation, l_year""",
    8: """select o_year, sum(case when nation = 'BRAZIL' then volume else 0 end) / sum(volume) as mkt_share from (
          select extract(year from o_orderdate) as o_year, l_extendedprice * (1 - l_discount) as volume,
          n2.n_name as nation from part, supplier, lineitem, orders, customer, nation n1, nation n2, region
          where p_partkey = l_partkey and s_suppkey = l_suppkey and l_orderkey = o_orderkey and o_custkey = c_custkey
          and c_nationkey = n1.n_nationkey and n1.n_regionkey = r_regionkey and r_name = 'AMERICA'
          and s_nationkey = n2.n_nationkey and o_orderdate between date '1992-01-01' and date '1998-12-31'
          and p_type like 'ECONOMY%') as all_nations group by o_year order by o_year""",
    9: """select nation, o_year, sum(amount) as sum_profit from (
          select n_name as nation, extract(year from o_orderdate) as o_year,
          l_extendedprice * (1 - l_discount) - ps_supplycost * l_quantity as amount
          from part, supplier, lineitem, partsupp, orders, nation where s_suppkey = l_suppkey
          and ps_suppkey = l_suppkey and ps_partkey = l_partkey and p_partkey = l_partkey and o_orderkey = l_orderkey
          and s_nationkey = n_nationkey and p_name like '%green%') as profit
          group by nation, o_year order by nation, o_year desc""",
    10: """select c_custkey, c_name, sum(l_extendedprice * (1 - l_discount)) as revenue, c_acctbal, n_name, c_address,
           c_phone, c_comment from customer, orders, lineitem, nation where c_custkey = o_custkey
           and l_orderkey = o_orderkey and o_orderdate >= date '1993-10-01'
           and o_orderdate < date '1993-10-01' + interval '3' month and l_returnflag = 'R'
           and c_nationkey = n_nationkey group by c_custkey, c_name, c_acctbal, c_phone, n_name, c_address, c_comment
           order by revenue desc, c_custkey limit 20""",
    11: """select ps_partkey, sum(ps_supplycost * ps_availqty) as value from partsupp, supplier, nation
           where ps_suppkey = s_suppkey and s_nationkey = n_nationkey and n_name = 'GERMANY' group by ps_partkey
           having sum(ps_supplycost * ps_availqty) > (select sum(ps_supplycost * ps_availqty) * 0.01
           from partsupp, supplier, nation where ps_suppkey = s_suppkey and s_nationkey = n_nationkey
           and n_name = 'GERMANY') order by value desc, ps_partkey""",
    12: """select l_shipmode, sum(case when o_orderpriority = '1-URGENT' or o_orderpriority = '2-HIGH' then 1 else 0 end)
           as high_line_count, sum(case when o_orderpriority <> '1-URGENT' and o_orderpriority <> '2-HIGH' then 1
           else 0 end) as low_line_count from orders, lineitem where o_orderkey = l_orderkey
           and l_shipmode in ('MAIL', 'SHIP') and l_commitdate < l_receiptdate and l_shipdate < l_commitdate
           and l_receiptdate >= date '1994-01-01' and l_receiptdate < date '1994-01-01' + interval '1' year
           group by l_shipmode order by l_shipmode""",
    13: """select c_count, count(*) as custdist from (select c_custkey, count(o_orderkey) from customer
           left outer join orders on c_custkey = o_custkey and o_comment not like '%special%requests%'
           group by c_custkey) as c_orders (c_custkey, c_count) group by c_count
           order by custdist desc, c_count desc""",
    14: """select 100.00 * sum(case when p_type like 'PROMO%' then l_extendedprice * (1 - l_discount) else 0 end)
           / sum(l_extendedprice * (1 - l_discount)) as promo_revenue from lineitem, part where l_partkey = p_partkey
           and l_shipdate >= date '1995-01-01' and l_shipdate < date '1995-01-01' + interval '6' month""",
    15: """with revenue (supplier_no, total_revenue) as (select l_suppkey, sum(l_extendedprice * (1 - l_discount))
           from lineitem where l_shipdate >= date '1996-01-01' and l_shipdate < date '1996-01-01' + interval '3' month
           group by l_suppkey) select s_suppkey, s_name, s_address, s_phone, total_revenue from supplier, revenue
           where s_suppkey = supplier_no and total_revenue = (select max(total_revenue) from revenue)
           order by s_suppkey""",
    16: """select p_brand, p_type, p_size, count(distinct ps_suppkey) as supplier_cnt from partsupp, part
           where p_partkey = ps_partkey and p_brand <> 'Brand#35' and p_type not like 'MEDIUM POLISHED%'
           and p_size in (49, 14, 23, 45, 19, 3, 36, 9) and ps_suppkey not in (select s_suppkey from supplier
           where s_comment like '%Customer%Complaints%') group by p_brand, p_type, p_size
           order by supplier_cnt desc, p_brand, p_type, p_size""",
    18: """select c_name, c_custkey, o_orderkey, o_orderdate, o_totalprice, sum(l_quantity) from customer, orders, lineitem
           where o_orderkey in (select l_orderkey from lineitem group by l_orderkey having sum(l_quantity) > 200)
           and c_custkey = o_custkey and o_orderkey = l_orderkey
           group by c_name, c_custkey, o_orderkey, o_orderdate, o_totalprice
           order by o_totalprice desc, o_orderdate, o_orderkey limit 100""",
    19: """select sum(l_extendedprice * (1 - l_discount)) as revenue from lineitem, part where
           (p_partkey = l_partkey and p_brand like 'Brand#1%' and p_container in ('SM CASE', 'SM BOX', 'SM PACK', 'SM PKG')
           and l_quantity >= 1 and l_quantity <= 31 and p_size between 1 and 45 and l_shipmode in ('AIR', 'AIR REG')
           and l_shipinstruct = 'DELIVER IN PERSON')
           or (p_partkey = l_partkey and p_brand like 'Brand#2%' and p_container in ('MED BAG', 'MED BOX', 'MED PKG')
           and l_quantity >= 10 and l_quantity <= 40 and p_size between 1 and 50 and l_shipmode in ('AIR', 'AIR REG')
           and l_shipinstruct = 'DELIVER IN PERSON')""",
}

#: What needs a correlated subquery (or, 22, one in EXISTS): refused by name.
REFUSED = {
    4: """select o_orderpriority, count(*) from orders where exists (select * from lineitem
          where l_orderkey = o_orderkey and l_commitdate < l_receiptdate) group by o_orderpriority""",
    17: """select sum(l_extendedprice) / 7.0 from lineitem, part where p_partkey = l_partkey and p_brand = 'Brand#23'
           and l_quantity < (select 0.2 * avg(l_quantity) from lineitem where l_partkey = p_partkey)""",
}


def check_refused(tables, program):
    import tempfile
    with tempfile.TemporaryDirectory() as folder:
        against_duckdb.write_tables(folder, tables)
        for number, answer in zip(REFUSED, against_duckdb.run_ours(folder, list(REFUSED.values()), program, 1)):
            if not isinstance(answer, str) or "a correlated subquery is not available" not in answer:
                sys.exit(f"query {number} should be refused by name, not: {answer}")


def main():
    tables = generate()
    check_refused(tables, sys.argv[1])
    empty = [number for number, query in QUERIES.items()
             if against_duckdb.connect(tables).execute(query).fetchone() in (None, (None,))]
    if empty:
        sys.exit(f"the generator gives queries {empty} nothing to find")
    against_duckdb.check(tables, [(query, None, True) for query in QUERIES.values()], sys.argv[1], [1, 2, 3, 4],
                         minimum=len(QUERIES))


main()
