#!/bin/bash
# Redshift's CREATE TABLE in PostgreSQL, whose grammar it is, and the CSV loaded under it. A cluster of its own on a unix
# socket. Prints "ok NAME" or "not ok NAME". usage: postgres_test.sh BUILD (as root, or as a user with PostgreSQL's programs)
set -u
program=$(realpath "$1/evclean")
work=$(mktemp -d /var/tmp/evclean-pg.XXXXXX)
bin=$(ls -d /usr/lib/postgresql/*/bin 2>/dev/null | tail -n 1)
as_user=()
if [ "$(id -u)" = 0 ]; then
  chown postgres "$work"
  as_user=(runuser -u postgres --)
fi
clean_up() {
  [ ! -e "$work/data/postmaster.pid" ] || "${as_user[@]}" "$bin/pg_ctl" -D "$work/data" -m immediate stop >/dev/null 2>&1
  rm -rf "$work"
}
trap clean_up EXIT
cd "$work" || exit 1
if ! { "${as_user[@]}" "$bin/initdb" -D "$work/data" -A trust -E UTF8 --locale=C &&
  "${as_user[@]}" "$bin/pg_ctl" -D "$work/data" -w -o "-k $work -c listen_addresses=''" start; } >pg.log 2>&1; then
  tail -n 3 pg.log >&2
  echo "not ok PostgreSQL starts"
  exit 0
fi
cat >in.csv <<'CSV'
Event ID,user,Größe,day,at,ok,note
1,ann,1.5,2026-11-01,2026-11-01 06:52:16.25,true,"a ""quoted"", text"
2,Ünal,,1969-12-31,,false,"two
lines"
3,bob,-2.0,2026-11-02,1969-12-31 23:59:59,,'; DROP TABLE t; --
CSV
cat >job.yml <<'JOB'
input: in.csv
steps: [{rename: warehouse}]
output: {path: out/t.csv, warehouse: redshift}
JOB
mkdir -p out
"$program" run job.yml --log-level error --overwrite || { echo "not ok the job runs"; exit 0; }
sql() { "$bin/psql" -h "$work" -U postgres -d postgres -v ON_ERROR_STOP=1 -qAt "$@"; }
[ "$(id -u)" != 0 ] || chmod 755 "$work" "$work/out"
if sed '/^COPY/,$d' out/t.redshift.sql | sql -f - && sql -c "\\copy t from 'out/t.csv' with (format csv, header, null '')"; then
  echo "ok PostgreSQL takes the table and the rows"
else
  echo "not ok PostgreSQL takes the table and the rows"
fi
found=$(sql -c "select count(*), sum(gro_e), max(at), count(ok), min(day), max(octet_length(user_)) from t")
wanted="3|-0.5|2026-11-01 06:52:16.25|2|1969-12-31|5"
if [ "$found" = "$wanted" ]; then echo "ok the values are the same"; else echo "not ok the values are the same: $found"; fi
types=$(sql -c "select string_agg(column_name || ' ' || data_type || ' ' || is_nullable, ',' order by ordinal_position) from information_schema.columns where table_name = 't'")
wanted="event_id bigint NO,user_ character varying NO,gro_e double precision YES,day date NO,at timestamp without time zone YES,ok boolean YES,note character varying NO"
if [ "$types" = "$wanted" ]; then echo "ok types and NOT NULL are true"; else echo "not ok types and NOT NULL are true: $types"; fi
