# shellcheck shell=bash
# borg with fixed 4 MiB blocks and lz4: borg at its quickest.
export BORG_REPO=$REPOSITORY BORG_PASSPHRASE=benchmark BORG_BASE_DIR=$TOOL/base
version() { borg --version | cut -d' ' -f2; }
prepare() { borg init --encryption repokey-blake2 2>/dev/null; }
create() { borg create --sparse --chunker-params fixed,4194304 --compression lz4 "::$1" "$2"; }
full() { create 1 "$DISK1"; }
incremental() { create 2 "$DISK2"; }
restore() { cd "$OUT" && borg extract --sparse ::2; }
restored() { echo "$OUT$DISK2"; }
