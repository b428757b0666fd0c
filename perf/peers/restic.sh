# shellcheck shell=bash
# restic reading the disk as a file and restoring it with its parallel restorer: restic at its best.
export RESTIC_REPOSITORY=$REPOSITORY RESTIC_PASSWORD=benchmark RESTIC_CACHE_DIR=$TOOL/cache
version() { restic version | cut -d' ' -f2; }
prepare() { restic -q init; }
full() { restic -q backup "$DISK1"; }
incremental() { restic -q backup "$DISK2"; }
restore() { restic -q restore latest --target "$OUT"; }
restored() { echo "$OUT$DISK2"; }
