#!/usr/bin/env bash
# Compares the whole program with its peers on real disks, side by side in one run, and prints a table.
#
#   perf/compare.sh [--runs N] [--only NAME,NAME|peers] [--no-scale] [--scratch DIR] [--save]
#
#   --runs N        each tool this often, in turns (3); the table shows the median, the least and the most
#   --only NAMES    some of: vprotect restic restic-stdin borg-lz4 borg-zstd qemu-img nbdcopy casync;
#                   "peers" is all but vprotect
#   --no-scale      leave out the same change on 64 GiB and on 64 TiB
#   --scratch DIR   where to work (about 30 GiB are needed); emptied at the end
#   --save          also keep the report as perf/results/DATE.md
#
# The disks are tests/testbed's large and large2. Every source is in the page cache before it is read, for every tool.
# Each tool's CPU and memory are its own; the NBD server that vprotect and nbdcopy read from is accounted apart.
set -euo pipefail

# shellcheck source-path=SCRIPTDIR source=common.sh
source "$(dirname "${BASH_SOURCE[0]}")/common.sh"

peers=(restic restic-stdin borg-lz4 borg-zstd qemu-img nbdcopy casync)
tools=(vprotect "${peers[@]}") runs=3 scale=1 save=0 scratch=${VPROTECT_CACHE}/perf

while [ $# -gt 0 ]; do
  case $1 in
    --runs) runs=$2 && shift ;;
    --only) if [ "$2" = peers ]; then tools=("${peers[@]}"); else IFS=, read -ra tools <<<"$2"; fi && shift ;;
    --scratch) scratch=$(realpath -m "$2") && shift ;;
    --no-scale) scale=0 ;;
    --save) save=1 ;;
    -h | --help) sed -n '2,/^set/{/^set/d;s/^# \{0,1\}//;p}' "$0" && exit ;;
    *) die "unknown option '$1'" "perf/compare.sh --help tells what there is." ;;
  esac
  shift
done

main() {
  for tool in "${tools[@]}"; do [ -e "perf/peers/$tool.sh" ] || die "unknown tool '$tool'" "There are: $(ls perf/peers)"; done
  need_packages "${packages_product[@]}" "${packages_testbed[@]}" libnbd-bin python3-libnbd "${packages_peers[@]}"
  [[ " ${tools[*]} " != *" vprotect "* ]] || publish >&2
  local large large2
  large=$(tests/testbed/build-disk.sh large)
  large2=$(tests/testbed/build-disk.sh large2)

  mkdir -p "$scratch"
  work=$(mktemp -d "$scratch/run.XXXXXX")
  defer rm -rf -- "$work"
  work_folder sockets perf # unix socket paths must be short
  export ROOT=$root DISK1=$large/disk.raw DISK2=$large2/disk.raw DISK2_WITH_BITMAP=$work/disk2.qcow2
  results=$work/results.jsonl

  local run tool
  if [[ " ${tools[*]} " == *" vprotect "* ]]; then prepare_bitmap; fi
  for ((run = 1; run <= runs; run++)); do
    for tool in "${tools[@]}"; do
      progress "run $run of $runs: $tool"
      compare_one "$tool" "$run"
    done
  done
  if [ "$scale" = 1 ] && [[ " ${tools[*]} " == *" vprotect "* ]]; then measure_scale; fi

  if [ "$save" = 1 ]; then
    mkdir -p perf/results
    report | tee "perf/results/$(date -u +%F).md"
  else
    report
  fi
}

progress() { printf '%s\n' "$*" >&2; }

# compare_one TOOL RUN: full, incremental and restore in a folder of its own, which is removed after.
compare_one() {
  local tool=$1 run=$2 step restored
  export TOOL=$work/$tool REPOSITORY=$work/$tool/repository OUT=$work/$tool/out
  mkdir -p "$TOOL" "$OUT"
  quietly "$work/log" perf/peer.sh "$tool" prepare
  for step in full incremental restore; do
    local source=$DISK1
    [ "$step" = full ] || source=$DISK2
    local warm=("$source") server=() arguments=()
    mapfile -t arguments < <(perf/peer.sh "$tool" serve "$step")
    if [ ${#arguments[@]} -gt 0 ]; then
      warm=("${arguments[-1]}")
      serve "${arguments[@]}"
      server=(--server "$served")
    fi
    if [ "$step" = restore ]; then
      find "$REPOSITORY" -type f -print0 | xargs -0 perf/disk_tools.py warm
    else
      perf/disk_tools.py warm "${warm[@]}"
    fi
    sync # what the last step left to write is not this one's cost
    perf/measure.py "$results" "$tool" "$step" "${server[@]}" -- perf/peer.sh "$tool" "$step" ||
      die "$tool: $step failed." "Its messages are above; the others can run with --only."
    [ ${#server[@]} = 0 ] || stop "$served"
    [ "$step" = restore ] || record "$tool" "$step" repositoryBytes "$(du -s -B1 --exclude=.reserve "$REPOSITORY" | cut -f1)"
  done
  if [ "$run" = 1 ]; then
    restored=$(perf/peer.sh "$tool" restored)
    cmp "$restored" "$DISK2" || die "$tool did not restore what it was given." "The first difference is above."
    record "$tool" identical value 1
    record "$tool" version value "\"$(perf/peer.sh "$tool" version)\""
  fi
  rm -rf -- "$TOOL"
}

# record TOOL STEP NAME JSON: a figure that is not a measured command.
record() { printf '{"tool": "%s", "step": "%s", "%s": %s}\n' "$@" >>"$results"; }

# serve ARGUMENTS: starts qemu-nbd for eight clients on a unix socket; sets served (its pid) and NBD_URI.
serve() {
  local socket=$sockets/nbd
  rm -f "$socket"
  case " $* " in *" --discard=unmap "*) ;; *) set -- -r "$@" ;; esac
  qemu-nbd -t -e 8 -k "$socket" "$@" &
  served=$!
  mine "$served"
  export NBD_URI="nbd+unix:///?socket=$socket"
  wait_until 30 "$served" test -S "$socket" || die "qemu-nbd does not start: qemu-nbd $*"
}

# What a hypervisor has at the second backup: a qcow2 whose persistent bitmap names the blocks written since the first.
prepare_bitmap() {
  progress "preparing the second generation with a dirty bitmap"
  qemu-img convert -f raw -O qcow2 "$DISK1" "$DISK2_WITH_BITMAP"
  qemu-img bitmap --add -g 65536 "$DISK2_WITH_BITMAP" changed
  serve --discard=unmap -f qcow2 "$DISK2_WITH_BITMAP"
  perf/disk_tools.py apply "$DISK1" "$DISK2" "$NBD_URI"
  stop "$served"
  qemu-img compare -q -f raw -F qcow2 "$DISK2" "$DISK2_WITH_BITMAP" || die "the disk with the bitmap is not the second generation."
}

# The same 256 MiB written all over a small and a vast sparse disk: the cost must follow the change, not the disk.
measure_scale() {
  local size run disk=$work/sparse.qcow2
  for ((run = 1; run <= runs; run++)); do
    for size in 64G 64T; do
      progress "run $run of $runs: sparse disk of $size"
      export TOOL=$work/scale REPOSITORY=$work/scale/repository
      mkdir -p "$TOOL"
      qemu-img create -q -f qcow2 "$disk" "$size"
      serve --discard=unmap -f qcow2 "$disk"
      perf/disk_tools.py scatter "$NBD_URI" 256 0
      stop "$served"
      qemu-img bitmap --add -g 65536 "$disk" changed
      quietly "$work/log" perf/peer.sh vprotect prepare
      measure_sparse "$size" full -f qcow2 "$disk"
      serve --discard=unmap -f qcow2 "$disk"
      perf/disk_tools.py scatter "$NBD_URI" 256 1
      stop "$served"
      measure_sparse "$size" incremental -f qcow2 -B changed "$disk"
      rm -rf -- "$TOOL" "$disk"
    done
  done
}

measure_sparse() {
  local size=$1 step=$2
  serve "${@:3}"
  perf/disk_tools.py warm "$disk"
  sync
  perf/measure.py "$results" "vprotect, sparse $size" "$step" --server "$served" -- perf/peer.sh vprotect "$step" ||
    die "vprotect: $step of a sparse $size disk failed." "Its messages are above."
  stop "$served"
}

report() {
  printf '# Comparison of %s\n\n' "$(date -u +%F)"
  printf '%s, %s cores, %s GiB of memory, Linux %s, load %s; commit %s; %s runs in turns.\n' \
    "$(sed -n 's/^model name[^:]*: //p;T;q' /proc/cpuinfo)" "$(nproc)" "$(awk '/MemTotal/ { printf "%.0f", $2 / 1048576 }' /proc/meminfo)" \
    "$(uname -r)" "$(cut -d' ' -f1 /proc/loadavg)" "$(git describe --always --dirty)" "$runs"
  printf 'Disk: %s, then %s.\n\n' "$(cat "${DISK1%/*}/facts.json")" "$(cat "${DISK2%/*}/facts.json")"
  perf/report.py "$results"
}

main
