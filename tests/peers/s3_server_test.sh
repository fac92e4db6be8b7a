#!/bin/bash
# A built S3 server (versitygw) with its own accounts, policies and region: reading, writing, refusing. Prints "ok NAME" or
# "not ok NAME" a test. usage: s3_server_test.sh BUILD (needs Go 1.24 or newer to build the server once; VERSITYGW names
# one that is built already)
set -u
root=$(realpath "$(dirname "$0")/../..")
build=$(cd "$root" && realpath "$1")
version=v1.8.0
cache=${XDG_CACHE_HOME:-$HOME/.cache}/evclean-peers/versitygw-$version
server=${VERSITYGW:-$cache/versitygw}
if [ ! -x "$server" ]; then
  if ! command -v go >/dev/null; then
    echo "not ok a real S3 server can be built: there is no Go (https://go.dev), and VERSITYGW names no server"
    exit 0
  fi
  mkdir -p "$cache"
  if ! GOBIN=$cache go install "github.com/versity/versitygw/cmd/versitygw@$version" >"$cache/build.log" 2>&1; then
    echo "not ok a real S3 server can be built"
    tail -n 5 "$cache/build.log" | sed 's/^/  /'
    exit 0
  fi
fi
exec "$root/.venv/bin/python" "$root/tests/peers/s3_server.py" "$build/evclean" "$server"
