# SPDX-License-Identifier: Apache-2.0
"""Two small tables that meet: hits with and without an address, and users with one address twice."""

HITS = ("ip,path,bytes\n1.1.1.1,/a,10\n2.2.2.2,/b,\n3.3.3.3,/a,30\n1.1.1.1,/c,5\n,/a,7\n4.4.4.4,/b,2\n")
USERS = "ip,country,plan\n1.1.1.1,DE,pro\n3.3.3.3,FR,free\n9.9.9.9,US,pro\n1.1.1.1,AT,free\n,XX,none\n"


def users(**more):
    return {"users": dict({"paths": "users.csv", "format": "csv"}, **more)}
