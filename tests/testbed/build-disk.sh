#!/usr/bin/env bash
# Builds bootable Debian 12 disks out of Debian packages, once, into a cache.
#
#   tests/testbed/build-disk.sh small|large|large2        prints the folder that holds the disk
#
#   small    2 GiB: a minimal system with the QEMU guest agent; root logs in on ttyS0 by itself
#   large   12 GiB: about 3 GiB of system, toolchains and a 512 MiB database
#   large2  large, one working day later: about 0.5 GiB changed
#
# The folder holds disk.raw (sparse, GPT, boots from BIOS), vmlinuz, initrd.img and cmdline (to boot with -kernel),
# and facts.json (what is allocated, not zero, and changed). Nobody may write to them: boot a copy or an overlay.
#
# The folder's name carries a hash of the recipe, so that changing the recipe changes the disk. It appears by one
# rename at the end: a build that is cut leaves nothing that looks finished. Mounts and loop devices live in a mount
# namespace of the build's own and vanish with it, even after kill -9.
set -euo pipefail

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
# shellcheck source-path=SCRIPTDIR source=../../.build/shell.sh
source "$root/.build/shell.sh"
# shellcheck source-path=SCRIPTDIR source=../../.build/setup.sh
source "$root/.build/setup.sh"
# shellcheck source-path=SCRIPTDIR source=lib.sh
source "$root/tests/testbed/lib.sh"

main() {
  case ${1-} in
    small | large | large2) ;;
    *) die "which disk?" "usage: ${0##*/} small|large|large2" ;;
  esac
  local name=$1 key folder
  key=$(cat "$testbed"/{disk-recipe.sh,database.py,install_grub.py} | sha256sum | cut -c1-12)
  folder=$VPROTECT_CACHE/$name-$key
  if [ ! -e "$folder/facts.json" ]; then
    mkdir -p "$VPROTECT_CACHE"
    exec 9>"$VPROTECT_CACHE/.$name.lock"
    flock 9 # another test may be building the same disk: wait for it and use it
    [ -e "$folder/facts.json" ] || build "$name" "$folder" >&2
    flock -u 9
  fi
  touch "$folder" # its time of change is the time of its last use
  printf '%s\n' "$folder"
}

build() {
  local name=$1 folder=$2 started=$EPOCHREALTIME before=
  note "building the $name test disk (once; kept in $VPROTECT_CACHE)"
  need_packages "${packages_testbed[@]}"
  [ "$name" != large2 ] || before=$("$testbed/build-disk.sh" large)

  # What builds that were cut have left (we hold the lock), and disks of other recipes that nobody uses any more.
  as_root find "$VPROTECT_CACHE" -mindepth 1 -maxdepth 1 -type d \
    \( -name "$name-building.*" -o -name "$name-*" -mtime +14 \) -exec rm -rf -- {} +
  local work=$VPROTECT_CACHE/$name-building.$$
  mkdir "$work"
  defer as_root rm -rf -- "$work"
  quietly "$VPROTECT_CACHE/$name.log" as_root unshare --mount --kill-child "$testbed/disk-recipe.sh" "$name" "$work" "$before" ||
    die "could not build the $name disk." "The reason is above; apt must reach a Debian mirror and loop devices must work."
  as_root chown -R "$(id -u):$(id -g)" "$work"
  "$testbed/measure_disk.py" "$work/disk.raw" ${before:+"$before/disk.raw"} >"$work/facts.json"
  chmod a-w "$work/disk.raw"
  sync "$work"/*
  mv -T "$work" "$folder"
  note "$name: built in $(seconds_since "$started") s: $(cat "$folder/facts.json")"
}

main "$@"
