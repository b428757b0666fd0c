#!/usr/bin/env bash
# Measures verification: how near it comes to the disk's sequential read, or to what the processors can check.
#
#   perf/verify.sh [--disk FILE] [--runs N] [--scratch DIR] [--save]
#
#   --disk FILE     what to back up (tests/testbed's large disk, 3.3 GiB not zero)
#   --runs N        each this often; the fastest counts (3)
#   --scratch DIR   where the repository lies: its disk is the one that is measured
#   --save          also keep the report as perf/results/verify-DATE.md
#
# disk: all packs one after the other with dd, 4 MiB at a time past the page cache, one reader and then two; the better one counts.
# processors: the same verification of a copy in memory, where no disk is waited for.
set -euo pipefail

# shellcheck source-path=SCRIPTDIR source=common.sh
source "$(dirname "${BASH_SOURCE[0]}")/common.sh"

disk='' runs=3 scratch=${VPROTECT_CACHE}/perf save=0
while [ $# -gt 0 ]; do
  case $1 in
    --disk) disk=$2 && shift ;;
    --runs) runs=$2 && shift ;;
    --scratch) scratch=$(realpath -m "$2") && shift ;;
    --save) save=1 ;;
    -h | --help) sed -n '2,/^set/{/^set/d;s/^# \{0,1\}//;p}' "$0" && exit ;;
    *) die "unknown option '$1'" "perf/verify.sh --help tells what there is." ;;
  esac
  shift
done

need_packages jq
publish
[ -n "$disk" ] || disk=$(tests/testbed/build-disk.sh large)/disk.raw
work=$(mktemp -d "$scratch/verify-XXXXXX")
defer rm -rf "$work"
memory=$(mktemp -d /dev/shm/vprotect-verify-XXXXXX)
defer rm -rf "$memory"
export VPROTECT_PASSPHRASE=measured VPROTECT_STATE=$work/state
artifacts/vprotect repo init "$work/repo" --no-recovery-key --quiet >/dev/null
artifacts/vprotect backup "$disk" --machine vm --repo "$work/repo" --quiet >/dev/null
cp -a "$work/repo" "$memory/repo"
sync
mapfile -t packs < <(find "$work/repo/packs" -type f)
bytes=$(cat "${packs[@]}" | wc -c)
plain=$(artifacts/vprotect list --repo "$work/repo" --json | jq '[.restorePoints[].disks[].newBytes] | add')

# seconds COMMAND...: wall, then CPU, of the fastest run.
seconds() {
  local best='' line TIMEFORMAT='%R %U %S'
  for ((i = 0; i < runs; i++)); do
    line=$({ time "$@" >/dev/null 2>&1; } 2>&1)
    line=$(awk '{ print $1, $2 + $3 }' <<<"$line")
    if [ -z "$best" ] || awk -v a="${line% *}" -v b="${best% *}" 'BEGIN { exit !(a < b) }'; then best=$line; fi
  done
  echo "$best"
}
read_packs() { for pack in "$@"; do dd if="$pack" of=/dev/null bs=4M iflag=direct status=none; done; }
read_by_two() {
  read_packs "${packs[@]:0:${#packs[@]}/2}" &
  read_packs "${packs[@]:${#packs[@]}/2}"
  wait
}
verify() { artifacts/vprotect repo verify "$@" --quiet; }

one=$(seconds read_packs "${packs[@]}")
two=$(seconds read_by_two)
declare -A took
for level in full fast; do
  args=() && [ $level = full ] || args=(--fast)
  took[$level,disk]=$(seconds verify "$work/repo" "${args[@]}")
  took[$level,memory]=$(seconds verify "$memory/repo" "${args[@]}")
done

# What is neither reading nor checking: starting, deriving the key. All has been read just now, so nothing is chosen.
start=$(seconds verify "$work/repo" --older-than 1)

report() {
  echo "# Verification, $(date -u +%F)"
  echo
  echo "$(lscpu | sed -n 's/^Model name: *//p'), $(nproc) cores, load $(cut -d' ' -f1 /proc/loadavg), commit $(git rev-parse --short HEAD); $runs runs, the fastest counts."
  echo "Repository: ${#packs[@]} packs, $((bytes >> 20)) MiB stored, $((plain >> 20)) MiB plain, encrypted, zstd."
  echo
  echo "| what | wall s | CPU s | stored MiB/s | processors busy |"
  echo "|---|---|---|---|---|"
  row "dd, one reader" "$one"
  row "dd, two readers" "$two"
  row "verify: starting alone" "$start" 0
  for level in full fast; do
    row "verify $level, disk" "${took[$level,disk]}"
    row "verify $level, memory" "${took[$level,memory]}"
  done
  echo
  echo "| promise | of the disk | of the processors | bound by |"
  echo "|---|---|---|---|"
  for level in full fast; do
    awk -v one="${one% *}" -v two="${two% *}" -v d="${took[$level,disk]% *}" -v m="${took[$level,memory]% *}" -v l=$level 'BEGIN {
      disk = one < two ? one : two
      bound = m > disk ? "processors" : "disk"
      printf "| %s: at least 0.9 of the lower limit | %.2f | %.2f | %s |\n", l, disk / d, m / d, bound }'
  done
}
row() {
  awk -v w="${2% *}" -v c="${2#* }" -v b="${3-$bytes}" -v n="$(nproc)" -v name="$1" 'BEGIN {
    rate = b ? sprintf("%.0f", b / w / 1048576) : ""
    printf "| %s | %.2f | %.2f | %s | %d %% |\n", name, w, c, rate, 100 * c / w / n }'
}

report
[ $save = 0 ] || report >"perf/results/verify-$(date -u +%F).md"
