# shellcheck shell=bash
# restic fed by a pipe, as scripts that back up snapshots do.
export RESTIC_REPOSITORY=$REPOSITORY RESTIC_PASSWORD=benchmark RESTIC_CACHE_DIR=$TOOL/cache
version() { restic version | cut -d' ' -f2; }
prepare() { restic -q init; }
full() { restic -q backup --stdin --stdin-filename disk <"$DISK1"; }
incremental() { restic -q backup --stdin --stdin-filename disk <"$DISK2"; }
restore() { restic -q dump latest disk >"$OUT/disk.raw"; }
restored() { echo "$OUT/disk.raw"; }
