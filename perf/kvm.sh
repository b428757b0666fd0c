#!/usr/bin/env bash
# Compares backups of a machine on a host with libvirt: the appliance beside virtnbdbackup, on the same machine, disk and change.
#
#   perf/kvm.sh [--runs N] [--save]
#
#   --runs N   each tool this often, in turns (3); the table shows the median
#   --save     also keep the report as perf/results/DATE-kvm.md
#
# A libvirtd of its own runs a machine whose disk is tests/testbed's large, as qcow2, paused: its processor would only be noise. Between full and incremental the
# disk becomes large2, written through QEMU as a guest would. vprotect's time is that of its command, from the request to the end of the task; its CPU is that of
# the appliance and the command. What QEMU spends to give out the disk is nobody's: it is the same for all.
set -euo pipefail

# shellcheck source-path=SCRIPTDIR source=common.sh
source "$(dirname "${BASH_SOURCE[0]}")/common.sh"
# shellcheck source-path=SCRIPTDIR source=kvm_host.sh
source perf/kvm_host.sh

tools=(vprotect virtnbdbackup virtnbdbackup-lz4) runs=3 save=0
while [ $# -gt 0 ]; do
  case $1 in
    --runs) runs=$2 && shift ;;
    --save) save=1 ;;
    -h | --help) sed -n '2,/^set/{/^set/d;s/^# \{0,1\}//;p}' "$0" && exit ;;
    *) die "unknown option '$1'" "perf/kvm.sh --help tells what there is." ;;
  esac
  shift
done

main() {
  need_packages "${packages_product[@]}" "${packages_testbed[@]}" "${packages_tests[@]}" virtnbdbackup python3-libvirt
  publish >&2
  local run tool
  disk1=$(tests/testbed/build-disk.sh large)/disk.raw
  disk2=$(tests/testbed/build-disk.sh large2)/disk.raw
  mkdir -p "$VPROTECT_CACHE/perf"
  work=$(mktemp -d "$VPROTECT_CACHE/perf/kvm.XXXXXX")
  defer rm -rf -- "$work"
  work_folder short kvm # unix socket paths must be short
  results=$work/results.jsonl
  progress "preparing the disk"
  qemu-img convert -f raw -O qcow2 "$disk1" "$work/base.qcow2"
  start_libvirtd
  start_appliance
  for ((run = 1; run <= runs; run++)); do
    for tool in "${tools[@]}"; do
      progress "run $run of $runs: $tool"
      compare_one "$tool" "$run"
    done
  done
  measure_writes
  if [ "$save" = 1 ]; then report | tee "perf/results/$(date -u +%F)-kvm.md"; else report; fi
}

# start_machine TOOL: the machine with a fresh copy of the disk.
start_machine() {
  cp --reflink=auto "$work/base.qcow2" "$work/pool/$1.qcow2"
  cat >"$work/domain.xml" <<XML
<domain type='qemu'><name>$1</name><memory unit='MiB'>128</memory><os><type arch='x86_64' machine='pc'>hvm</type></os>
<devices><disk type='file' device='disk'><driver name='qemu' type='qcow2' discard='unmap'/><source file='$work/pool/$1.qcow2'/><target dev='vda' bus='virtio'/></disk></devices></domain>
XML
  quietly "$work/log" virsh -q -c "$uri" define "$work/domain.xml"
  quietly "$work/log" virsh -q -c "$uri" start --paused "$1"
  perf/disk_tools.py warm "$work/pool/$1.qcow2"
}

end_machine() {
  quietly "$work/log" virsh -q -c "$uri" destroy "$1"
  quietly "$work/log" virsh -q -c "$uri" undefine "$1" --checkpoints-metadata
  rm -f "$work/pool/$1.qcow2"
}

compare_one() {
  local tool=$1 run=$2 step
  out=$work/$tool
  mkdir -p "$out"
  start_machine "$tool"
  "prepare_${tool%-lz4}" "$tool"
  for step in full incremental restore; do
    [ "$step" != incremental ] || perf/kvm_tools.py apply "$disk1" "$disk2" "$uri" "$tool"
    perf/disk_tools.py warm "$work/pool/$tool.qcow2"
    sync
    perf/measure.py "$results" "$tool" "$step" --server "$appliance" -- bash -c "$("step_${tool%-lz4}" "$tool" "$step")" >"$work/log" 2>&1 ||
      die "$tool: $step failed." "$(tail -n 10 "$work/log")"
    [ "$step" = restore ] || printf '{"tool": "%s", "step": "%s", "repositoryBytes": %s}\n' "$tool" "$step" "$(du -s -B1 --exclude=.reserve "$out/backup" | cut -f1)" >>"$results"
  done
  if [ "$run" = 1 ]; then
    local restored
    restored=$(find "$out/restored" -type f -size +1M | head -n 1)
    # The other one's qemu-nbd may end a moment after it.
    wait_until 30 $$ qemu-img info "$restored" >"$work/log" 2>&1 || die "$tool still has the restored disk open." "$(tail -n 2 "$work/log")"
    qemu-img compare -q "$disk2" "$restored" || die "$tool did not restore what it was given."
  fi
  end_machine "$tool"
  "forget_${tool%-lz4}" "$tool"
  rm -rf -- "$out"
}

prepare_vprotect() {
  quietly "$work/log" artifacts/vprotect destination add "$1" --path "$out/backup" --default
  quietly "$work/log" artifacts/vprotect hv sync kvm1 --wait
}
step_vprotect() {
  case $2 in
    full) echo "artifacts/vprotect vm backup $1 --full --wait -q" ;;
    incremental) echo "artifacts/vprotect vm backup $1 --wait -q" ;;
    restore) echo "artifacts/vprotect point restore \$(artifacts/vprotect point list --machine $1 --json | python3 -c 'import json,sys; print(json.load(sys.stdin)[0][\"guid\"])') --to $out/restored --wait -q" ;;
  esac
}
forget_vprotect() {
  artifacts/vprotect point list --machine "$1" --json | python3 -c 'import json,sys; print(*(p["guid"] for p in json.load(sys.stdin)))' >"$work/points"
  # shellcheck disable=SC2046
  quietly "$work/log" artifacts/vprotect point delete $(cat "$work/points") --yes --wait
  quietly "$work/log" artifacts/vprotect hv sync kvm1 --wait
  quietly "$work/log" artifacts/vprotect vm forget-gone
  quietly "$work/log" artifacts/vprotect destination remove "$1"
}

prepare_virtnbdbackup() { :; }
step_virtnbdbackup() {
  local options="-U '$uri' -d $1 -o $out/backup -S $work -f $short/v -n"
  [ "$1" = virtnbdbackup ] || options+=" -z"
  case $2 in
    full) echo "virtnbdbackup $options -l full" ;;
    incremental) echo "virtnbdbackup $options -l inc" ;;
    restore) echo "mkdir -p $out/restored && virtnbdrestore -U '$uri' -i $out/backup -o $out/restored -f $short/r -n" ;;
  esac
}
forget_virtnbdbackup() { :; }

# Writes of the machine while nothing, and while each tool, reads its disk in full.
measure_writes() {
  local tool
  for tool in "${tools[@]}"; do
    progress "writes during a full backup: $tool"
    out=$work/$tool
    mkdir -p "$out"
    start_machine "$tool"
    "prepare_${tool%-lz4}" "$tool"
    if [ "$tool" = vprotect ]; then perf/kvm_tools.py write-latency "$uri" "$tool" 10 "$results" nobody "no backup"; fi
    bash -c "$("step_${tool%-lz4}" "$tool" full)" >"$work/log" 2>&1 &
    local backup=$!
    mine "$backup"
    sleep 1
    perf/kvm_tools.py write-latency "$uri" "$tool" 6 "$results" "$tool" "full backup"
    wait "$backup" || die "$tool: the full backup failed." "$(tail -n 10 "$work/log")"
    end_machine "$tool"
    "forget_${tool%-lz4}" "$tool"
    rm -rf -- "$out"
  done
}

report() {
  printf '# Backups on a host with libvirt, %s\n\n' "$(date -u +%F)"
  printf '%s, %s cores, %s GiB of memory, Linux %s, load %s; commit %s; %s runs in turns. virtnbdbackup %s, QEMU %s, libvirt %s.\n' \
    "$(sed -n 's/^model name[^:]*: //p;T;q' /proc/cpuinfo)" "$(nproc)" "$(awk '/MemTotal/ { printf "%.0f", $2 / 1048576 }' /proc/meminfo)" \
    "$(uname -r)" "$(cut -d' ' -f1 /proc/loadavg)" "$(git describe --always --dirty)" "$runs" \
    "$(virtnbdbackup --version)" "$(qemu-img --version | sed -n 's/.*version \([^ ]*\).*/\1/p')" "$(libvirtd --version | sed 's/.* //')"
  printf 'Disk: %s, then %s.\n\n' "$(cat "${disk1%/*}/facts.json")" "$(cat "${disk2%/*}/facts.json")"
  perf/kvm_tools.py report "$results"
}

main
