# shellcheck shell=bash
# nbdcopy copies bytes and does nothing else: what reading over NBD and writing cost at least.
version() { nbdcopy --version | head -1 | cut -d' ' -f2; }
serve() {
  case $1 in
    full) printf '%s\n' -f raw "$DISK1" ;;
    incremental) printf '%s\n' -f raw "$DISK2" ;;
  esac
}
prepare() { mkdir "$REPOSITORY"; }
full() { nbdcopy "$NBD_URI" "$REPOSITORY/1.raw"; }
incremental() { nbdcopy "$NBD_URI" "$REPOSITORY/2.raw"; }
restore() { nbdcopy "$REPOSITORY/2.raw" "$OUT/disk.raw"; }
restored() { echo "$OUT/disk.raw"; }
