# shellcheck shell=bash
# What the scripts that use real disks and real QEMU share: the disk cache, private work folders, and booting.
# Sourced after .build/shell.sh.

testbed=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
VPROTECT_CACHE=${VPROTECT_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/vprotect/testbed}

# work_folder VARIABLE NAME: a private folder, removed at the end. Short, since unix socket paths end at 107 characters.
work_folder() {
  local folder
  folder=$(mktemp -d "${TMPDIR:-/tmp}/vp-$2.XXXXXX")
  defer rm -rf -- "$folder"
  printf -v "$1" %s "$folder"
}

# mine PID: a process this shell has started; it ends with the shell, unless stop has ended it before.
declare -A _processes=()
mine() {
  [ "${_processes_of-}" = "$BASHPID" ] || {
    _processes=() _processes_of=$BASHPID
    defer _stop_mine
  }
  _processes[$1]=1
}
_stop_mine() { stop "${!_processes[@]}"; }

# stop PID...: ends processes this shell started, and waits for them.
stop() {
  local pid
  for pid in "$@"; do kill "$pid" 2>/dev/null || continue; done
  for pid in "$@"; do
    wait "$pid" 2>/dev/null || true # its status says only that it was ended
    unset "_processes[$pid]"        # the number may soon be another process's
  done
}

# wait_until SECONDS PID CONDITION...: polls until the condition holds; fails on time-out or when the process is gone.
wait_until() {
  local deadline=$((SECONDS + $1)) pid=$2
  shift 2
  until "$@"; do
    kill -0 "$pid" 2>/dev/null || return 1
    [ $SECONDS -lt "$deadline" ] || return 1
    sleep 0.1
  done
}

# The machine every guest of ours gets. TCG, since neither CI nor every developer has a usable /dev/kvm.
guest_machine=(qemu-system-x86_64 -nodefaults -no-user-config -machine q35 -accel 'tcg,thread=multi' -cpu max
               -m 512 -smp 1 -display none -no-reboot -net none)

# boot_to_login IMAGE FORMAT SECONDS LOG: boots a copy-on-write view of the image from its own boot sector and waits
# for a login prompt on the serial console. The image is not changed. Prints the seconds it took.
boot_to_login() {
  local image=$1 format=$2 limit=$3 log=$4 started=$EPOCHREALTIME pid status=0
  : >"$log"
  "${guest_machine[@]}" -serial "file:$log" -drive "file=$image,format=$format,if=virtio,snapshot=on" 2>/dev/null &
  pid=$!
  mine "$pid"
  wait_until "$limit" "$pid" grep -aqE 'login:|Kernel panic|emergency mode' "$log" || status=1
  stop "$pid"
  [ "$status" = 0 ] && grep -aq 'login:' "$log" || return 1
  seconds_since "$started"
}
