#!/usr/bin/env bash
# Measures mounted restore points side by side with qemu-nbd and nbdkit on the same disk, in one run.
#
#   perf/mount.sh [--size GIB] [--seconds N] [--scratch DIR] [--save]
#
#   --size GIB      size of the disk (2), half of it text, a quarter noise, the rest holes
#   --seconds N     how long each random workload runs (8)
#   --scratch DIR   where to work (about five times the disk); emptied at the end. It must hold a sparse file of 64 TiB, which ext4 does not: xfs or tmpfs
#   --save          also keep the report as perf/results/mount-DATE.md
#
# vprotect serves a restore point of an encrypted repository, qemu-nbd a zstd qcow2, nbdkit the raw file; all three over a unix socket, read by fio's nbd
# engine. Cold: a new server, and its files dropped from the page cache. Warm: the same workload once more on the same server.
# Over iSCSI: vprotect beside tgt on the raw file, read by QEMU (sequential) and iscsi-perf (random), which has other places each time: warm is after the whole
# disk was read once. Needs root.
set -euo pipefail

# shellcheck source-path=SCRIPTDIR source=common.sh
source "$(dirname "${BASH_SOURCE[0]}")/common.sh"
# shellcheck source-path=SCRIPTDIR source=nbd_client.sh
source perf/nbd_client.sh

size=2 seconds=8 scratch=${VPROTECT_CACHE}/perf save=0
while [ $# -gt 0 ]; do
  case $1 in
    --size) size=$2 && shift ;;
    --seconds) seconds=$2 && shift ;;
    --scratch) scratch=$(realpath -m "$2") && shift ;;
    --save) save=1 ;;
    -h | --help) sed -n '2,/^set/{/^set/d;s/^# \{0,1\}//;p}' "$0" && exit ;;
    *) die "unknown option '$1'" "perf/mount.sh --help tells what there is." ;;
  esac
  shift
done

need_packages jq fio nbdkit libnbd-bin python3-libnbd qemu-utils qemu-block-extra tgt libiscsi-bin util-linux
publish
mkdir -p "$scratch"
work=$(mktemp -d "$scratch/mount.XXXXXX")
server=
stop_server() { [ -z "$server" ] || { kill "${1:--TERM}" "$server" 2>/dev/null && wait "$server" 2>/dev/null || true; server=; }; }
defer rm -rf "$work"
defer stop_server
export VPROTECT_PASSPHRASE=measured VPROTECT_STATE=$work/state VPROTECT_REPOSITORY=$work/repo
socket=$work/s

# drop FILE...: out of the page cache, and of nobody else's.
drop() {
  sync -f "$work"
  find "$@" -type f -exec /usr/bin/python3 -c '
import os, sys
for path in sys.argv[1:]:
    fd = os.open(path, os.O_RDONLY)
    os.posix_fadvise(fd, 0, 0, os.POSIX_FADV_DONTNEED)
    os.close(fd)' {} +
}

# serve COMMAND...: in the background, until it listens.
serve() {
  stop_server
  rm -f "$socket"
  "$@" >"$work/server.log" 2>&1 &
  server=$!
  until [ -S "$socket" ] && nbdinfo --size "$uri" >/dev/null 2>&1; do
    kill -0 "$server" 2>/dev/null || die "a server did not start" "$(cat "$work/server.log")"
    sleep 0.02
  done
}

serve_tool() {
  uri="nbd+unix:///$([ "$1" != vprotect ] || echo disk0)?socket=$socket"
  case $1 in
    vprotect) serve artifacts/vprotect mount latest --machine vm --listen "unix:$socket" --quiet ;;
    qemu-nbd) serve qemu-nbd -t -r -e 16 -f qcow2 -k "$socket" "$work/disk.qcow2" ;;
    nbdkit) serve nbdkit -f -r -U "$socket" file "$work/disk.raw" ;;
  esac
}

serve_writable() {
  uri="nbd+unix:///$([ "$1" != vprotect ] || echo disk0)?socket=$socket"
  rm -f "$work"/overlay*
  case $1 in
    vprotect) serve artifacts/vprotect mount latest --machine vm --listen "unix:$socket" --overlay "$work/overlay" --quiet ;;
    qemu-nbd)
      qemu-img create -q -f qcow2 -b "$work/disk.qcow2" -F qcow2 "$work/overlay.qcow2"
      serve qemu-nbd -t -e 16 -f qcow2 -k "$socket" "$work/overlay.qcow2"
      ;;
  esac
}

# serve_iscsi TOOL: in the background, until it lets initiators in; target is its address.
serve_iscsi() {
  stop_server
  local port=$((20000 + RANDOM % 10000)) name
  : >"$work/server.log"
  if [ "$1" = vprotect ]; then
    artifacts/vprotect mount latest --machine vm --iscsi --listen "127.0.0.1:$port" >"$work/server.log" 2>&1 &
    server=$!
    until target=$(grep -o 'iscsi://[^ ]*' "$work/server.log"); do
      kill -0 "$server" 2>/dev/null || die "vprotect did not start" "$(cat "$work/server.log")"
      sleep 0.05
    done
  else
    name=iqn.2026-11.internal.vprotect:raw
    export TGT_IPC_SOCKET=$work/t
    # tgtd ignores SIGTERM while it has targets.
    setpriv --pdeathsig KILL tgtd --foreground --iscsi "portal=127.0.0.1:$port" >"$work/server.log" 2>&1 &
    server=$!
    until tgtadm --lld iscsi --op new --mode target --tid 1 --targetname "$name" 2>/dev/null; do sleep 0.1; done
    tgtadm --lld iscsi --op new --mode logicalunit --tid 1 --lun 1 --backing-store "$work/disk.raw"
    tgtadm --lld iscsi --op bind --mode target --tid 1 --initiator-address ALL
    target=iscsi://127.0.0.1:$port/$name/1
  fi
}
iscsi_rate() {
  local began
  began=$(date +%s%N)
  qemu-img bench -f raw -c $((size * 1024)) -d 4 -s 1M -S 1M "$target" >/dev/null
  echo $((size * 1024 * 1000000000 / ($(date +%s%N) - began)))
}
iscsi_iops() { iscsi-perf -r -m 16 -b 8 -t "$seconds" "$target" | tr '\r' '\n' | sed -n 's/^iops average \([0-9]*\).*/\1/p' | tail -1; }

note "making a disk of $size GiB"
truncate -s "${size}G" "$work/disk.raw"
perf/disk_tools.py mixed "$work/disk.raw" 1 1
artifacts/vprotect repo init "$VPROTECT_REPOSITORY" --no-recovery-key --quiet >/dev/null
artifacts/vprotect backup "$work/disk.raw" --machine vm --quiet >/dev/null
qemu-img convert -q -c -O qcow2 -o compression_type=zstd "$work/disk.raw" "$work/disk.qcow2"
for name in 1G 1T 64T; do
  truncate -s "$name" "$work/open.raw"
  dd if="$work/disk.raw" of="$work/open.raw" bs=1M count=64 conv=notrunc status=none
  artifacts/vprotect backup "$work/open.raw" --machine "open$name" --quiet >/dev/null
  rm "$work/open.raw"
done

declare -A figure
for name in 1G 1T 64T; do
  for run in 1 2 3; do
    drop "$work/repo"
    uri="nbd+unix:///disk0?socket=$socket"
    serve artifacts/vprotect mount latest --machine "open$name" --listen "unix:$socket" --verbose
    grep -o 'opened in [0-9.]*' "$work/server.log" | cut -d' ' -f3
    stop_server # here, since it is this subshell's
  done | sort -n | sed -n 2p >"$work/open.$name"
  stop_server
  figure[open,$name]=$(cat "$work/open.$name")
done
for tool in vprotect qemu-nbd nbdkit; do
  note "reading through $tool"
  drop "$work/repo" "$work/disk.qcow2" "$work/disk.raw"
  serve_tool $tool
  figure[first,$tool]=$(first_read)
  figure[cold_rate,$tool]=$(read_rate)
  figure[warm_rate,$tool]=$(read_rate)
  drop "$work/repo" "$work/disk.qcow2" "$work/disk.raw"
  serve_tool $tool
  figure[cold_iops,$tool]=$(read_iops)
  figure[warm_iops,$tool]=$(read_iops)
  figure[memory,$tool]=$(($(sed -n 's/^VmHWM:[[:space:]]*\([0-9]*\).*/\1/p' "/proc/$server/status") / 1024))
done
for tool in vprotect tgt; do
  note "reading over iSCSI through $tool"
  for what in rate iops; do
    drop "$work/repo" "$work/disk.raw"
    serve_iscsi $tool
    figure[iscsi_cold_$what,$tool]=$(iscsi_$what)
    [ $what = rate ] || iscsi_rate >/dev/null
    figure[iscsi_warm_$what,$tool]=$(iscsi_$what)
    stop_server "$([ $tool = vprotect ] && echo -TERM || echo -KILL)"
  done
done
for tool in vprotect qemu-nbd; do
  note "writing through $tool"
  serve_writable $tool
  figure[flush1,$tool]=$(write_iops --iodepth=1 --fsync=1)
  serve_writable $tool
  figure[flush16,$tool]=$(write_iops --iodepth=16 --fsync=16)
  serve_writable $tool
  figure[noflush,$tool]=$(write_iops --iodepth=16)
done
stop_server

row() { # TITLE KEY [SMALLER]: figures and the ratio to qemu-nbd
  local ours=${figure[$2,vprotect]} theirs=${figure[$2,qemu-nbd]:-} raw=${figure[$2,nbdkit]:-–} ratio=–
  [ -z "$theirs" ] || ratio=$(jq -n "$ours / ([$theirs, 0.1] | max) * 100 | round / 100")
  printf '| %s | %s | %s | %s | %s |\n' "$1" "$ours" "${theirs:-–}" "$raw" "$ratio"
}
row_iscsi() { # TITLE KEY
  printf '| %s | %s | %s | %s |\n' "$1" "${figure[$2,vprotect]}" "${figure[$2,tgt]}" "$(jq -n "${figure[$2,vprotect]} / ${figure[$2,tgt]} * 100 | round / 100")"
}
report() {
  echo "# Mounted restore points, $(date -u +%F)"
  echo
  echo "$(lscpu | sed -n 's/^Model name: *//p'), $(nproc) cores, load $(cut -d' ' -f1 /proc/loadavg) at the end, commit $(git rev-parse --short HEAD)."
  echo "$(qemu-nbd --version | head -1), $(nbdkit --version), $(fio --version). Disk of $size GiB: half text, a quarter noise, a quarter holes; $seconds s for each random workload."
  echo
  echo "Opening (restore point found, tree root read and checked), cold, median of 3: 1 GiB ${figure[open,1G]} ms, 1 TiB ${figure[open,1T]} ms, 64 TiB ${figure[open,64T]} ms."
  echo
  echo '| what | vprotect | qemu-nbd, zstd qcow2 | nbdkit, raw | vprotect / qemu-nbd |'
  echo '|---|---|---|---|---|'
  row 'connect and first 4 KiB, cold, ms' first
  row 'sequential 1 MiB, cold, MiB/s' cold_rate
  row 'sequential 1 MiB, warm, MiB/s' warm_rate
  row 'random 4 KiB qd16, cold, IOPS' cold_iops
  row 'random 4 KiB qd16, warm, IOPS' warm_iops
  row 'overlay: random 4 KiB, flush after each, IOPS' flush1
  row 'overlay: random 4 KiB qd16, flush every 16, IOPS' flush16
  row 'overlay: random 4 KiB qd16, no flush, IOPS' noflush
  row 'peak memory of the server, MiB' memory
  echo
  echo '| over iSCSI | vprotect | tgt, raw | vprotect / tgt |'
  echo '|---|---|---|---|'
  row_iscsi 'sequential 1 MiB, cold, MiB/s' iscsi_cold_rate
  row_iscsi 'sequential 1 MiB, warm, MiB/s' iscsi_warm_rate
  row_iscsi 'random 4 KiB qd16, cold, IOPS' iscsi_cold_iops
  row_iscsi 'random 4 KiB qd16, warm, IOPS' iscsi_warm_iops
}
report
[ $save = 0 ] || report >"perf/results/mount-$(date -u +%F).md"
