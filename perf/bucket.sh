#!/usr/bin/env bash
# Measures a repository in a bucket of Ceph's S3 gateway side by side with restic and qemu-nbd on the same bucket, in one run.
#
#   perf/bucket.sh [--size GIB] [--seconds N] [--delay MS] [--save]
#
#   --size GIB    size of the disk (1), half of it text, a quarter noise, the rest holes
#   --seconds N   how long each random workload runs (8)
#   --delay MS    what the way to the bucket and back takes more than loopback does (0); needs root, and is for the whole loopback meanwhile
#   --save        also keep the report as perf/results/DATE-bucket.md
#
# Backup, an incremental after 2 % have changed, and restore to a file, beside restic, which keeps a repository of the same kind; a mounted restore point beside
# qemu-nbd that reads a zstd qcow2 as an object. Gateway and cluster work on the same processors, with their objects in memory: ratios count, not figures.
set -euo pipefail

# shellcheck source-path=SCRIPTDIR source=common.sh
source "$(dirname "${BASH_SOURCE[0]}")/common.sh"
# shellcheck source-path=SCRIPTDIR source=nbd_client.sh
source perf/nbd_client.sh

size=1 seconds=8 delay=0 save=0
while [ $# -gt 0 ]; do
  case $1 in
    --size) size=$2 && shift ;;
    --seconds) seconds=$2 && shift ;;
    --delay) delay=$2 && shift ;;
    --save) save=1 ;;
    -h | --help) sed -n '2,/^set/{/^set/d;s/^# \{0,1\}//;p}' "$0" && exit ;;
    *) die "unknown option '$1'" "perf/bucket.sh --help tells what there is." ;;
  esac
  shift
done

need_packages "${packages_tests[@]}" restic jq curl openssl qemu-utils iproute2
publish
mkdir -p "$VPROTECT_CACHE/perf"
work=$(mktemp -d "$VPROTECT_CACHE/perf/bucket.XXXXXX")
defer rm -rf "$work"
server=
stop_server() { [ -z "$server" ] || { kill "$server" 2>/dev/null && wait "$server" 2>/dev/null || true; server=; }; }
defer stop_server

note "starting a gateway"
mkfifo "$work/hold"
quietly "$work/build.log" dotnet build -v:q --tl:off perf/gateway.cs
dotnet run --no-build perf/gateway.cs <"$work/hold" >"$work/gateway" &
exec 9>"$work/hold" # it ends with us
until [ -s "$work/gateway" ]; do
  kill -0 $! 2>/dev/null || die "the gateway did not start" "Its messages are above."
  sleep 0.1
done
read -r bucket key secret <"$work/gateway"
export AWS_ACCESS_KEY_ID=$key AWS_SECRET_ACCESS_KEY=$secret
export VPROTECT_PASSPHRASE=measured VPROTECT_STATE=$work/state VPROTECT_REPOSITORY="s3://${bucket##*/}/vprotect?endpoint=${bucket%/*}"
export RESTIC_REPOSITORY=s3:$bucket/restic RESTIC_PASSWORD=measured RESTIC_CACHE_DIR=$work/cache
if [ "$delay" != 0 ]; then
  # Half of it each way.
  tc qdisc add dev lo root netem delay "$((delay * 500))us"
  defer tc qdisc del dev lo root
fi

# put FILE: as an object of its name, which anybody may read: QEMU has no keys.
put() {
  local name=${1##*/} until=$(($(date +%s) + 600)) signature
  signature=$(printf 'PUT\n\n\n%s\nx-amz-acl:public-read\n/%s/%s' "$until" "${bucket##*/}" "$name" | openssl dgst -sha1 -hmac "$secret" -binary | base64 | jq -sRr 'rtrimstr("\n") | @uri')
  curl -sSf -T "$1" -H 'x-amz-acl: public-read' -H 'Content-Type:' "$bucket/$name?AWSAccessKeyId=$key&Expires=$until&Signature=$signature"
}

# drop: what was read or written of the disks is no longer in the page cache.
drop() {
  sync
  [ "$(id -u)" != 0 ] || echo 3 >/proc/sys/vm/drop_caches
}

declare -A figure
# timed KEY COMMAND...
timed() {
  drop
  local began=$EPOCHREALTIME
  quietly "$work/command.log" "${@:2}"
  figure[$1]=$(awk "BEGIN { printf \"%.1f\", $EPOCHREALTIME - $began }")
}

note "making a disk of $size GiB"
truncate -s "${size}G" "$work/disk"
perf/disk_tools.py mixed "$work/disk" 1 1
vprotect() { artifacts/vprotect "$@" --quiet; }
vprotect repo init "$VPROTECT_REPOSITORY" --no-recovery-key >/dev/null
restic -q init
note "backing up"
timed full,vprotect vprotect backup "$work/disk" --machine vm
timed full,restic restic -q backup "$work/disk"
qemu-img convert -q -c -O qcow2 -o compression_type=zstd "$work/disk" "$work/disk.qcow2"
put "$work/disk.qcow2"
rm "$work/disk.qcow2"
perf/disk_tools.py mixed "$work/disk" 2 50
timed incremental,vprotect vprotect backup "$work/disk" --machine vm
timed incremental,restic restic -q backup "$work/disk"
note "restoring"
timed restore,vprotect vprotect restore latest --machine vm --to "$work/out"
cmp "$work/out" "$work/disk"
rm "$work/out"
timed restore,restic restic -q restore latest --target "$work/out"
cmp "$work/out$work/disk" "$work/disk"
rm -r "$work/out"

serve() { # TOOL
  stop_server
  rm -f "$work/s"
  case $1 in
    vprotect)
      uri="nbd+unix:///disk0?socket=$work/s"
      artifacts/vprotect mount latest --machine vm --listen "unix:$work/s" --quiet >"$work/server.log" 2>&1 &
      ;;
    qemu-nbd)
      uri="nbd+unix:///?socket=$work/s"
      qemu-nbd -t -r -e 16 -k "$work/s" --image-opts "driver=qcow2,file.driver=http,file.url=$bucket/disk.qcow2" >"$work/server.log" 2>&1 &
      ;;
  esac
  server=$!
  until [ -S "$work/s" ] && nbdinfo --size "$uri" >/dev/null 2>&1; do
    kill -0 "$server" 2>/dev/null || die "$1 did not start" "$(cat "$work/server.log")"
    sleep 0.02
  done
}
for tool in vprotect qemu-nbd; do
  note "reading through $tool"
  serve $tool
  figure[first,$tool]=$(first_read)
  figure[cold_rate,$tool]=$(read_rate)
  serve $tool
  figure[cold_iops,$tool]=$(read_iops)
  figure[warm_iops,$tool]=$(read_iops)
done
stop_server

row() { # TITLE KEY PEER
  printf '| %s | %s | %s | %s |\n' "$1" "${figure[$2,vprotect]}" "${figure[$2,$3]}" "$(jq -n "${figure[$2,vprotect]} / ([${figure[$2,$3]}, 0.1] | max) * 100 | round / 100")"
}
report() {
  echo "# A repository in a bucket, $(date -u +%F)"
  echo
  echo "$(lscpu | sed -n 's/^Model name: *//p'), $(nproc) cores, load $(cut -d' ' -f1 /proc/loadavg) at the end, commit $(git rev-parse --short HEAD)."
  echo "$(radosgw --version | cut -d' ' -f1-3), $(restic version | cut -d' ' -f1-2), $(qemu-nbd --version | head -1). Disk of $size GiB: half text, a quarter noise, a quarter holes; $delay ms of delay; $seconds s for each random workload."
  echo
  echo '| what | vprotect | restic | ratio |'
  echo '|---|---|---|---|'
  row 'full backup, s' full restic
  row 'incremental after 2 % have changed, the whole disk read, s' incremental restic
  row 'restore to a file, s' restore restic
  echo
  echo '| mounted | vprotect | qemu-nbd, zstd qcow2 as an object | ratio |'
  echo '|---|---|---|---|'
  row 'connect and first 4 KiB, ms' first qemu-nbd
  row 'sequential 1 MiB, cold, MiB/s' cold_rate qemu-nbd
  row 'random 4 KiB qd16, cold, IOPS' cold_iops qemu-nbd
  row 'random 4 KiB qd16, warm, IOPS' warm_iops qemu-nbd
}
report
[ $save = 0 ] || report >"perf/results/$(date -u +%F)-bucket.md"
