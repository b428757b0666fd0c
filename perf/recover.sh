#!/usr/bin/env bash
# Measures how long a deleted appliance takes to be there again: from its repository and the recovery key to a restored machine.
#
#   perf/recover.sh [--disk small|large] [--save]
#
#   --disk     which of tests/testbed's disks the machine has (large: 12 GiB, about 3 GiB of them used)
#   --save     also keep the report as perf/results/DATE-recover.md
#
# An appliance backs a machine of a libvirtd of its own up and keeps a copy of itself in the repository; then its data directory, its state and the machine are
# deleted. What is restored is compared with the machine's disk, byte by byte.
set -euo pipefail

# shellcheck source-path=SCRIPTDIR source=common.sh
source "$(dirname "${BASH_SOURCE[0]}")/common.sh"
# shellcheck source-path=SCRIPTDIR source=kvm_host.sh
source perf/kvm_host.sh

size=large save=0
while [ $# -gt 0 ]; do
  case $1 in
    --disk) size=$2 && shift ;;
    --save) save=1 ;;
    -h | --help) sed -n '2,/^set/{/^set/d;s/^# \{0,1\}//;p}' "$0" && exit ;;
    *) die "unknown option '$1'" "perf/recover.sh --help tells what there is." ;;
  esac
  shift
done

main() {
  need_packages "${packages_product[@]}" "${packages_testbed[@]}" "${packages_tests[@]}"
  publish >&2
  disk=$(tests/testbed/build-disk.sh "$size")
  mkdir -p "$VPROTECT_CACHE/perf"
  work=$(mktemp -d "$VPROTECT_CACHE/perf/recover.XXXXXX")
  defer rm -rf -- "$work"
  work_folder short recover # unix socket paths must be short
  rows=()
  start_libvirtd
  start_appliance
  back_up
  delete_all
  progress "recovering"
  took 'vprotect recover: catalog, keys and certificate are there' recover
  took 'the service is ready' serve
  vprotect login https://127.0.0.1:18181 -u admin --password-file "$work/password" --fingerprint "$fingerprint"
  took 'the first list of restore points' list
  took "the machine is restored, $(numfmt --to=iec "$(stat -c %s "$disk/disk.raw")") of disk" restore
  qemu-img compare -q "$disk/disk.raw" "$(find "$work/pool" -type f | head -1)" || die "what was restored differs" "see $work"
  vprotect appliance check
  artifacts/vprotect token create monitor --permission monitoring.read --expires 1d --json >"$work/made" 2>>"$work/log" || { cat "$work/made" >&2; die "no token" "$(tail -3 "$work/log")"; }
  metrics=$(curl -sk -H "Authorization: Bearer $(python3 -c 'import json, sys; print(json.load(sys.stdin)["token"])' <"$work/made")" https://127.0.0.1:18181/metrics | grep -v '^#')
  if [ "$save" = 1 ]; then report | tee "perf/results/$(date -u +%F)-recover.md"; else report; fi
}


# took TITLE COMMAND...: runs it, and keeps a row of the report.
took() {
  local title=$1 begun=$EPOCHREALTIME
  shift
  "$@"
  rows+=("| $title | $(awk -v a="$begun" -v b="$EPOCHREALTIME" 'BEGIN { printf "%.2f", b - a }') |")
}

back_up() {
  progress "backing the machine up, and the appliance"
  qemu-img convert -f raw -O qcow2 "$disk/disk.raw" "$work/pool/web1.qcow2"
  cat >"$work/domain.xml" <<XML
<domain type='qemu'><name>web1</name><memory unit='MiB'>512</memory><vcpu>1</vcpu><os><type arch='x86_64' machine='q35'>hvm</type></os>
<devices><disk type='file' device='disk'><driver name='qemu' type='qcow2'/><source file='$work/pool/web1.qcow2'/><target dev='vda' bus='virtio'/></disk></devices></domain>
XML
  on_host pool-create-as images dir --target "$work/pool"
  on_host define "$work/domain.xml"
  artifacts/vprotect destination add main --path "$work/backup" --default --json >"$work/made" 2>>"$work/log" || { cat "$work/made" >&2; die "no token" "$(tail -3 "$work/log")"; }
  python3 -c 'import json, sys; print(json.load(sys.stdin)["recoveryKey"])' <"$work/made" >"$work/key"
  vprotect hv sync kvm1 --wait
  vprotect vm backup web1 --full --wait
  vprotect appliance backup --wait
  on_host undefine web1
}

delete_all() {
  fingerprint=$(openssl x509 -in "$work/data/tls/server.crt" -outform DER | sha256sum | cut -d' ' -f1)
  kill -KILL "$appliance"
  wait "$appliance" 2>/dev/null || true # its status says only that it was killed
  unset "_processes[$appliance]"
  rm -rf "$work/data" "$work/state" "$work/config" "$work/pool"/*
}

recover() { vprotect recover --repository "$work/backup" --data "$work/data" --key-file "$work/key"; }

serve() {
  artifacts/vprotect serve --data "$work/data" --urls https://127.0.0.1:18181 >"$work/serve2.log" 2>&1 &
  appliance=$!
  mine "$appliance"
  wait_until 60 "$appliance" curl -skf https://127.0.0.1:18181/health/ready -o /dev/null || die "the recovered appliance is not ready." "$(tail -n 5 "$work/serve2.log")"
}

list() { point=$(artifacts/vprotect point list --machine web1 --json | field guid); }

restore() { vprotect point restore "$point" --as web1-again --wait; }

report() {
  printf '# A deleted appliance is there again, %s\n\n' "$(date -u +%F)"
  printf '%s, %s cores, Linux %s, load %s; commit %s.\nDisk: %s. What was restored is the same, byte by byte; `appliance check` finds nothing amiss.\n\n| step | seconds |\n|---|---|\n' \
    "$(sed -n 's/^model name[^:]*: //p;T;q' /proc/cpuinfo)" "$(nproc)" "$(uname -r)" "$(cut -d' ' -f1 /proc/loadavg)" "$(git describe --always --dirty)" "$(cat "$disk/facts.json")"
  printf '%s\n' "${rows[@]}"
  printf '\nIts `/metrics` then, without help and types:\n\n```\n%s\n```\n' "$metrics"
}

main
