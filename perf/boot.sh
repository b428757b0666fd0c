#!/usr/bin/env bash
# Times a machine's way back: instant boot beside restore-then-boot, each from the request to the login prompt.
#
#   perf/boot.sh [--disk small|large] [--runs N] [--save]
#
#   --disk     which of tests/testbed's disks the machine has (large: 12 GiB, about 3 GiB of them used)
#   --runs N   each way this often, in turns (3); the table shows median and spread
#   --save     also keep the report as perf/results/DATE-boot.md
#
# A libvirtd of its own has the machine; it is backed up once and removed. The page cache is dropped before each run, and both ways start the same system in the same
# emulated QEMU: the system's own start is in both figures, and told apart as "until the machine runs".
set -euo pipefail

# shellcheck source-path=SCRIPTDIR source=common.sh
source "$(dirname "${BASH_SOURCE[0]}")/common.sh"
# shellcheck source-path=SCRIPTDIR source=kvm_host.sh
source perf/kvm_host.sh

size=large runs=3 save=0
while [ $# -gt 0 ]; do
  case $1 in
    --disk) size=$2 && shift ;;
    --runs) runs=$2 && shift ;;
    --save) save=1 ;;
    -h | --help) sed -n '2,/^set/{/^set/d;s/^# \{0,1\}//;p}' "$0" && exit ;;
    *) die "unknown option '$1'" "perf/boot.sh --help tells what there is." ;;
  esac
  shift
done

main() {
  need_packages "${packages_product[@]}" "${packages_testbed[@]}" "${packages_tests[@]}"
  publish >&2
  local run way
  disk=$(tests/testbed/build-disk.sh "$size")
  mkdir -p "$VPROTECT_CACHE/perf"
  work=$(mktemp -d "$VPROTECT_CACHE/perf/boot.XXXXXX")
  defer rm -rf -- "$work"
  work_folder short boot # unix socket paths must be short
  console=$work/console.log
  start_libvirtd
  defer end_machines
  start_appliance
  back_up_machine
  for ((run = 1; run <= runs; run++)); do
    for way in instant restore; do
      progress "run $run of $runs: $way"
      rm -f "$console"
      sync
      [ "$(id -u)" != 0 ] || echo 3 >/proc/sys/vm/drop_caches
      begun=$EPOCHREALTIME
      "way_$way"
      since >>"$work/$way.login"
      "end_$way"
    done
  done
  if [ "$save" = 1 ]; then report | tee "perf/results/$(date -u +%F)-boot.md"; else report; fi
}

since() { awk -v a="$begun" -v b="$EPOCHREALTIME" 'BEGIN { printf "%.2f\n", b - a }'; }
prompt() { wait_until 900 "$appliance" grep -aqs 'login:' "$console" || die "no login prompt." "$(tail -n 5 "$console")"; }

back_up_machine() {
  progress "backing the machine up"
  qemu-img convert -f raw -O qcow2 "$disk/disk.raw" "$work/pool/web1.qcow2"
  cat >"$work/domain.xml" <<XML
<domain type='qemu'><name>web1</name><memory unit='MiB'>512</memory><vcpu>1</vcpu><os><type arch='x86_64' machine='q35'>hvm</type></os>
<features><acpi/></features><cpu mode='maximum'/><devices>
<disk type='file' device='disk'><driver name='qemu' type='qcow2' discard='unmap'/><source file='$work/pool/web1.qcow2'/><target dev='vda' bus='virtio'/></disk>
<serial type='file'><source path='$console'/></serial><controller type='usb' model='none'/><memballoon model='none'/></devices></domain>
XML
  on_host pool-create-as images dir --target "$work/pool"
  on_host define "$work/domain.xml"
  on_host start --paused web1
  vprotect destination add main --path "$work/backup" --default
  vprotect hv sync kvm1 --wait
  vprotect vm backup web1 --full --wait
  point=$(artifacts/vprotect point list --machine web1 --json | field guid)
  on_host destroy web1
  on_host undefine web1 --checkpoints-metadata
  rm -f "$work/pool/web1.qcow2"
}

way_instant() {
  vprotect point boot "$point" --as web1-instant --wait
  since >>"$work/instant.runs"
  prompt
}
end_instant() { vprotect mounted end "$(artifacts/vprotect mounted list --json | field guid)" --wait; }

way_restore() {
  vprotect point restore "$point" --as web1-restored --wait
  on_host start web1-restored
  since >>"$work/restore.runs"
  prompt
}
end_restore() {
  on_host destroy web1-restored
  on_host undefine web1-restored
  find "$work/pool" -type f -delete
}

end_machines() {
  local machine
  for machine in web1 web1-instant web1-restored; do virsh -q -c "$uri" destroy "$machine" >/dev/null 2>&1 || true; done
}

report() {
  printf '# From the request to the login prompt, %s\n\n' "$(date -u +%F)"
  printf '%s, %s cores, %s GiB of memory, Linux %s, load %s; commit %s; %s runs in turns. QEMU %s, %s.\n' \
    "$(sed -n 's/^model name[^:]*: //p;T;q' /proc/cpuinfo)" "$(nproc)" "$(awk '/MemTotal/ { printf "%.0f", $2 / 1048576 }' /proc/meminfo)" \
    "$(uname -r)" "$(cut -d' ' -f1 /proc/loadavg)" "$(git describe --always --dirty)" "$runs" \
    "$(qemu-img --version | sed -n 's/.*version \([^ ]*\).*/\1/p')" emulated
  printf 'Disk: %s.\n\n' "$(cat "$disk/facts.json")"
  python3 - "$work" <<'PYTHON'
import statistics
import sys

work = sys.argv[1]
print("| seconds, median (least … most) | until the machine runs | until the login prompt |\n|---|---|---|")
medians = {}
for way, name in (("instant", "instant boot"), ("restore", "restore, then boot")):
    cells = []
    for step in ("runs", "login"):
        times = [float(line) for line in open(f"{work}/{way}.{step}")]
        medians[way, step] = statistics.median(times)
        cells.append(f"{medians[way, step]:.1f} ({min(times):.1f} … {max(times):.1f})")
    print(f"| {name} | {' | '.join(cells)} |")
print("| ratio | " + " | ".join(f"{medians['instant', step] / medians['restore', step]:.2f}" for step in ("runs", "login")) + " |")
PYTHON
}

main
