# shellcheck shell=bash
# borg with its default content-defined chunks and zstd: borg at its smallest.
export BORG_REPO=$REPOSITORY BORG_PASSPHRASE=benchmark BORG_BASE_DIR=$TOOL/base
version() { borg --version | cut -d' ' -f2; }
prepare() { borg init --encryption repokey-blake2 2>/dev/null; }
create() { borg create --sparse --chunker-params buzhash,19,23,21,4095 --compression zstd,3 "::$1" "$2"; }
full() { create 1 "$DISK1"; }
incremental() { create 2 "$DISK2"; }
restore() { cd "$OUT" && borg extract --sparse ::2; }
restored() { echo "$OUT$DISK2"; }
