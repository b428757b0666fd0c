# shellcheck shell=bash
# casync: content-defined chunks in a store of files; no encryption.
version() { casync --version | head -1 | cut -d' ' -f2; }
prepare() { mkdir "$REPOSITORY"; }
full() { casync make --store="$REPOSITORY/store" "$REPOSITORY/1.caibx" "$DISK1" >/dev/null; }
incremental() { casync make --store="$REPOSITORY/store" "$REPOSITORY/2.caibx" "$DISK2" >/dev/null; }
restore() { casync extract --store="$REPOSITORY/store" "$REPOSITORY/2.caibx" "$OUT/disk.raw"; }
restored() { echo "$OUT/disk.raw"; }
