#!/usr/bin/env bash
# The main job, shown on a real machine: back up a running Debian over NBD, change it from inside, back up only what
# changed, prove the repository, restore both points, compare them byte for byte with copies taken by another
# program from the same snapshots, and boot what was restored.
#
# Called by ./run, which has installed and built everything. Leaves nothing behind.
set -euo pipefail

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
# shellcheck source-path=SCRIPTDIR source=../../.build/shell.sh
source "$root/.build/shell.sh"
# shellcheck source-path=SCRIPTDIR source=lib.sh
source "$root/tests/testbed/lib.sh"
vprotect=$root/artifacts/vprotect
boot_seconds=300
point=() summary=()

main() {
  heading "A small Debian 12 disk"
  disk=$("$testbed/build-disk.sh" small)
  local started=$EPOCHREALTIME
  note "$disk/disk.raw"
  work_folder work demo
  export VPROTECT_REPOSITORY=$work/repository VPROTECT_PASSPHRASE
  VPROTECT_PASSPHRASE=$(head -c 18 /dev/urandom | base64)

  start_machine
  heading "A repository"
  "$vprotect" repo init "$VPROTECT_REPOSITORY"

  back_up 0 "Full backup of the running machine"
  change_inside
  back_up 1 "Incremental backup: what the dirty bitmap says was written since"
  stop "$machine"

  heading "Restore points"
  "$vprotect" list --repo "$VPROTECT_REPOSITORY"
  heading "Verify: read and check every byte both points need"
  timed verify "$vprotect" repo verify "$VPROTECT_REPOSITORY"

  restore 0 "Restore the full and compare"
  restore 1 "Restore the incremental and compare"
  boot_restored

  print_summary
  note "all in $(seconds_since "$started") s; nothing is left behind"
}

start_machine() {
  heading "A machine running from it (QEMU, emulated: no hardware virtualisation needed)"
  local begun=$EPOCHREALTIME
  : >"$work/console.log"
  qemu-img convert -O qcow2 "$disk/disk.raw" "$work/machine.qcow2"
  "${guest_machine[@]}" -serial "file:$work/console.log" -qmp "unix:$work/qmp,server=on,wait=off" \
    -blockdev "driver=qcow2,node-name=disk0,discard=unmap,file.driver=file,file.filename=$work/machine.qcow2" \
    -device virtio-blk-pci,drive=disk0 \
    -device virtio-serial -chardev "socket,id=agent,path=$work/agent,server=on,wait=off" \
    -device virtserialport,chardev=agent,name=org.qemu.guest_agent.0 \
    -kernel "$disk/vmlinuz" -initrd "$disk/initrd.img" -append "$(cat "$disk/cmdline")" 2>"$work/qemu.log" &
  machine=$!
  mine "$machine"
  wait_until "$boot_seconds" "$machine" grep -aq 'login:' "$work/console.log" ||
    die "the machine did not reach its login prompt in $boot_seconds s." "The end of its console, and what QEMU said:" "$(tail -n 5 "$work/console.log" "$work/qemu.log")"
  in_guest true
  qmp nbd-server-start "{\"addr\": {\"type\": \"unix\", \"data\": {\"path\": \"$work/nbd\"}}, \"max-connections\": 16}" >/dev/null
  note "login prompt after $(seconds_since "$begun") s: $(in_guest 'uname -r; uptime -p' | paste -sd' ')"
}

qmp() { "$testbed/qemu.py" qmp "$work/qmp" "$@"; }
agent_call() { "$testbed/qemu.py" call "$work/agent" "$@" >/dev/null; }
in_guest() { "$testbed/qemu.py" agent "$work/agent" "$@"; }
export_uri() { printf 'nbd+unix:///snap%s?socket=%s' "$1" "$work/nbd"; }

back_up() {
  local number=$1 since=()
  # Each snapshot's export calls the changes since the one before "changed"; the full only names it for the next.
  local bitmap=(--next-bitmap changed)
  heading "$2"
  [ "$number" = 0 ] || { bitmap=(--bitmap changed); since=("$((number - 1))"); }
  # An application-consistent instant: the guest's file systems are flushed and held for as long as the snapshot takes.
  agent_call guest-fsfreeze-freeze
  "$testbed/qemu.py" snapshot "$work/qmp" disk0 "$number" "${since[@]}"
  agent_call guest-fsfreeze-thaw
  timed "backup of point $number" "$vprotect" backup "$(export_uri "$number")" --repo "$VPROTECT_REPOSITORY" \
    --machine demo --disk system "${bitmap[@]}"
  point[number]=$("$vprotect" list --repo "$VPROTECT_REPOSITORY" --json | jq -r '.restorePoints | max_by(.createdAt).id')
  note "an independent copy of the same snapshot, by nbdcopy, to compare with later"
  nbdcopy "$(export_uri "$number")" "$work/expected$number.raw"
  "$testbed/qemu.py" release "$work/qmp" "$number"
}

change_inside() {
  heading "Write inside the running guest"
  in_guest 'set -e
    head -c 24M /dev/urandom >/root/new-file
    for i in $(seq 200); do echo "line $i of $(date)" >"/var/tmp/small-$i"; done
    rm -rf /usr/share/doc
    sync
    echo "wrote a 24 MiB file and 200 small ones, deleted /usr/share/doc: $(df -h --output=used / | tail -1) used"'
}

restore() {
  local number=$1
  heading "$2"
  timed "restore of point $number" "$vprotect" restore "${point[number]}" --repo "$VPROTECT_REPOSITORY" \
    --to "$work/restored$number.raw"
  cmp "$work/restored$number.raw" "$work/expected$number.raw" ||
    die "restore point $number is not what was backed up." "This is a bug in vprotect; the first difference is above."
  note "identical to nbdcopy's copy, all $(stat -c %s "$work/restored$number.raw") bytes"
}

boot_restored() {
  heading "Boot the restored disk"
  local seconds
  seconds=$(boot_to_login "$work/restored1.raw" raw "$boot_seconds" "$work/restored.log") ||
    die "the restored disk did not reach a login prompt in $boot_seconds s." "The end of its console:" "$(tail -n 5 "$work/restored.log")"
  note "login prompt after $seconds s, from its own boot sector"
  summary+=("boot of the restored disk|$seconds")
}

# timed LABEL COMMAND...: runs it and keeps its wall time for the summary.
timed() {
  local label=$1 begun=$EPOCHREALTIME
  shift
  "$@"
  summary+=("$label|$(seconds_since "$begun")")
}

print_summary() {
  heading "Summary"
  local json row
  json=$("$vprotect" list --repo "$VPROTECT_REPOSITORY" --json)
  printf '   %-28s %10s %12s %12s\n' 'restore point' 'disk MiB' 'changed MiB' 'stored MiB'
  for row in 0 1; do
    jq -r --arg id "${point[row]}" '.restorePoints[] | select(.id == $id) | [.id[:12], .sizeBytes, .changedBytes, .storedBytes] | @tsv' <<<"$json" |
      awk -F'\t' '{ printf "   %-28s %10.1f %12.1f %12.1f\n", $1, $2 / 1048576, $3 / 1048576, $4 / 1048576 }'
  done
  printf '   %-28s %10.1f\n\n' 'repository on disk' "$(mib "$(du -sb "$VPROTECT_REPOSITORY" | cut -f1)")"
  printf '   %-28s %10s\n' step seconds
  for row in "${summary[@]}"; do printf '   %-28s %10.1f\n' "${row%%|*}" "${row##*|}"; done
}

main "$@"
