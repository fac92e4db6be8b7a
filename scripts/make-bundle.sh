#!/bin/bash
# Makes FOLDER/evclean-bundle.tar.gz: program, libraries, C library, Open MPI, time zones. It runs from wherever it is
# unpacked, on any Linux for x86-64. The same build gives the same bytes. usage: scripts/make-bundle.sh FOLDER
set -euo pipefail
cd "$(dirname "$0")/.."
folder=$1
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
bundle=$work/evclean
mkdir -p "$bundle"/{bin,libexec,etc,lib/{evclean,glibc,openmpi,pmix},share/{evclean,openmpi,pmix}}

# Networks and schedulers that need drivers of their own stay out: TCP and shared memory are what every node has.
leave_out='_(ucx|ofi|openib|psm|psm2|flux|jsm|simulator|gridengine|monitoring|cm|treematch)\.so$|/(mca_(scoll|spml|sshmem|memheap|atomic|vprotocol|mtl|crs|compress)_|libompi_dbg)|romio'

info() { ompi_info --parsable --path "$1" | cut -d: -f3; }
openmpi=$(info pkglibdir)
openmpi_data=$(info pkgdatadir)
pmix=$(dirname "$(readlink -f "$(ldconfig -p | sed -n 's/.*libpmix\.so\.2 .*=> //p' | head -n 1)")")
[ -d "$pmix/pmix" ] || pmix=$(dirname "$(find /usr/lib -path '*pmix*' -name 'pmix_mca_*.so' | head -n 1)")/..

cp "$folder/evclean" "$bundle/libexec/evclean"
cp "$(command -v orterun)" "$bundle/libexec/mpirun"
cp "$(command -v orted)" "$bundle/libexec/orted"
for part in "$openmpi"/mca_*.so; do
  [[ $part =~ $leave_out ]] || cp "$part" "$bundle/lib/openmpi/"
done
cp "$pmix"/pmix/pmix_mca_*.so "$bundle/lib/pmix/"
cp -r "$openmpi_data"/*.txt "$bundle/share/openmpi/"
[ ! -d "$openmpi_data/amca-param-sets" ] || cp -r "$openmpi_data/amca-param-sets" "$bundle/share/openmpi/"
cp "$pmix"/../share/pmix/help-*.txt "$bundle/share/pmix/" 2>/dev/null || true

# What all of these need, and what dlopen gets from them.
needs() { ldd "$@" 2>/dev/null | sed -n 's/^\t\(.* => \)\?\(\/[^ ]*\) (0x.*/\2/p' | sort -u; }
needs "$bundle"/libexec/* "$bundle"/lib/openmpi/*.so "$bundle"/lib/pmix/*.so | while read -r library; do
  case $(basename "$library") in
    ld-linux-x86-64.so.2 | libc.so.6 | libm.so.6 | libdl.so.2 | librt.so.1 | libpthread.so.0 | libresolv.so.2 | libutil.so.1 | libanl.so.1)
      cp -L "$library" "$bundle/lib/glibc/" ;;
    *) cp -L "$library" "$bundle/lib/evclean/" ;;
  esac
done
find "$bundle/libexec" "$bundle/lib/evclean" "$bundle/lib/openmpi" -type f -exec strip --strip-unneeded {} + 2>/dev/null || true
# Where it was built is nobody's business.
for program in "$bundle"/libexec/* "$bundle"/lib/evclean/*; do
  printf 'file(RPATH_REMOVE FILE "%s")\n' "$program"
done >"$work/no_rpath.cmake"
cmake -P "$work/no_rpath.cmake" >/dev/null

gcc -O2 -Wall -Wextra -Werror -D_GNU_SOURCE -static -s scripts/bundle/launcher.c -o "$bundle/bin/evclean"
cp "$bundle/bin/evclean" "$bundle/bin/mpirun"
cp "$bundle/bin/evclean" "$bundle/bin/orted"
install -m 755 aws/evclean_aws/nodes/run.sh "$bundle/libexec/cluster-run"

# A node that is gone is noticed within 20 s, not after minutes (docs/clusters.md).
cat >"$bundle/etc/openmpi-mca-params.conf" <<'CONF'
mpi_yield_when_idle = 1
fs_ufs_lock_algorithm = 3
oob_tcp_keepalive_time = 5
oob_tcp_keepalive_intvl = 5
oob_tcp_keepalive_probes = 3
btl = self,vader,tcp
pml = ob1
hwloc_base_binding_policy = none
CONF
cp -r slurm jobs formats "$bundle/share/evclean/"
cp LICENSE "$bundle/"
[ ! -d /usr/share/zoneinfo ] || { mkdir "$bundle/share/zoneinfo" && tar -C /usr/share/zoneinfo --exclude=right --exclude=posix -cf - . | tar -C "$bundle/share/zoneinfo" -xf -; }
[ ! -r /etc/ssl/certs/ca-certificates.crt ] || cp /etc/ssl/certs/ca-certificates.crt "$bundle/share/"
{
  "$folder/evclean" --version
  echo "C library: $(ldd --version | head -n 1 | sed 's/.* //') (its own: the node's is not used)"
  echo "libraries:"
  (cd "$bundle/lib/evclean" && ls)
} >"$bundle/share/evclean/contents.txt"

tar -C "$work" --sort=name --mtime=@0 --owner=0 --group=0 --numeric-owner --mode=go-w -cf - evclean | gzip -n -6 >"$folder/evclean-bundle.tar.gz.part"
mv "$folder/evclean-bundle.tar.gz.part" "$folder/evclean-bundle.tar.gz"
size=$(stat -c %s "$folder/evclean-bundle.tar.gz")
echo "bundle: $folder/evclean-bundle.tar.gz, $((size >> 20)) MB, unpacked $(du -sm "$bundle" | cut -f1) MB, sha256 $(sha256sum "$folder/evclean-bundle.tar.gz" | cut -d' ' -f1)" >&2
[ "$size" -lt $((150 << 20)) ] || { echo "bundle: larger than 150 MB" >&2; exit 3; }
