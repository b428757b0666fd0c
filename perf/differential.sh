#!/usr/bin/env bash
# Measures compare mode (a full read where nobody tells what changed) and differential restore against a full backup and a full restore.
#
#   perf/differential.sh [--scratch DIR] [--save]
#
#   --scratch DIR   where to work (about 20 GiB are needed); emptied at the end
#   --save          also keep the report as perf/results/differential-DATE.md
#
# The disks are two generations of tests/testbed's large disk. Bytes are what the program says and, for restores, what the
# kernel counted for its process (file system outputs of GNU time).
set -euo pipefail

# shellcheck source-path=SCRIPTDIR source=common.sh
source "$(dirname "${BASH_SOURCE[0]}")/common.sh"

scratch=${VPROTECT_CACHE}/perf save=0
while [ $# -gt 0 ]; do
  case $1 in
    --scratch) scratch=$(realpath -m "$2") && shift ;;
    --save) save=1 ;;
    -h | --help) sed -n '2,/^set/{/^set/d;s/^# \{0,1\}//;p}' "$0" && exit ;;
    *) die "unknown option '$1'" "perf/differential.sh --help tells what there is." ;;
  esac
  shift
done

need_packages jq time
publish
first=$(tests/testbed/build-disk.sh large)/disk.raw
second=$(tests/testbed/build-disk.sh large2)/disk.raw
mkdir -p "$scratch"
work=$(mktemp -d "$scratch/differential-XXXXXX")
defer rm -rf "$work"
export VPROTECT_PASSPHRASE=measured VPROTECT_STATE=$work/state VPROTECT_REPOSITORY=$work/repo
artifacts/vprotect repo init "$VPROTECT_REPOSITORY" --no-recovery-key --quiet >/dev/null
cat "$first" "$second" >/dev/null

# timed NAME COMMAND...: its answer, then the kernel's count of bytes written, in $work/NAME.
timed() {
  local name=$1
  shift
  sync
  command time -f '%e %O' -o "$work/$name.time" "$@" --json >"$work/$name"
}

timed full artifacts/vprotect backup "$first" --machine vm
timed again artifacts/vprotect backup "$first" --machine vm --compare
timed compare artifacts/vprotect backup "$second" --machine vm --compare
timed restore artifacts/vprotect restore latest --to "$work/full.raw"
id=$(jq -r '.restorePoints[0].id' <(artifacts/vprotect list --json))
artifacts/vprotect restore "$id" --to "$work/differential.raw" --json >/dev/null
timed differential artifacts/vprotect restore latest --to "$work/differential.raw" --differential
timed equal artifacts/vprotect restore latest --to "$work/differential.raw" --differential
cmp "$work/full.raw" "$work/differential.raw"
cmp "$second" "$work/differential.raw"

row() { # TITLE NAME FIELD
  local seconds blocks
  read -r seconds blocks <"$work/$2.time"
  printf '| %s | %s | %s | %s |\n' "$1" "$seconds" "$(($(jq "$3" "$work/$2") >> 20))" "$((blocks >> 11))"
}
report() {
  echo "# Compare mode and differential restore, $(date -u +%F)"
  echo
  echo "$(lscpu | sed -n 's/^Model name: *//p'), $(nproc) cores, load $(cut -d' ' -f1 /proc/loadavg), commit $(git rev-parse --short HEAD)."
  echo "Raw files read whole from the page cache; the second generation differs in $(($(jq '.changedBytes' "$work/compare") >> 20)) MiB of chunks."
  echo
  echo '| what | wall s | MiB stored or written, as told | MiB written, as the kernel counted |'
  echo '|---|---|---|---|'
  row 'full backup' full '.storedBytes'
  row 'compare mode, same disk' again '.storedBytes'
  row 'compare mode, second generation' compare '.storedBytes'
  row 'full restore' restore '.writtenBytes'
  row 'differential restore onto the first generation' differential '.writtenBytes'
  row 'differential restore onto itself' equal '.writtenBytes'
}
report
[ $save = 0 ] || report >"perf/results/differential-$(date -u +%F).md"
