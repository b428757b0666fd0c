# shellcheck shell=bash
# vprotect, as an appliance uses it: over NBD, and the second time only what QEMU's dirty bitmap names.
export VPROTECT_PASSPHRASE=benchmark
vprotect() { "$ROOT/artifacts/vprotect" "$@"; }
version() { vprotect --version; }
serve() {
  case $1 in
    full) printf '%s\n' -f raw "$DISK1" ;;
    incremental) printf '%s\n' -f qcow2 -B changed "$DISK2_WITH_BITMAP" ;;
  esac
}
prepare() { vprotect repo init "$REPOSITORY"; }
full() { vprotect backup "$NBD_URI" --repo "$REPOSITORY" --machine perf --disk system --next-bitmap changed --json; }
incremental() { vprotect backup "$NBD_URI" --repo "$REPOSITORY" --machine perf --disk system --bitmap changed --json; }
restore() { vprotect restore latest --repo "$REPOSITORY" --to "$OUT/disk.raw"; }
restored() { echo "$OUT/disk.raw"; }
