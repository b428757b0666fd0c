# shellcheck shell=bash
# Words the house's scripts share: sourced, never run. Sets nothing the caller did not ask for except these functions.

if [ -t 1 ]; then _bold=$'\033[1m' _plain=$'\033[0m'; else _bold='' _plain=''; fi
heading() { printf '\n%s== %s%s\n' "$_bold" "$*" "$_plain"; }
note()    { printf '   %s\n' "$*"; }

# die WHAT [NEXT]: what failed, and what the reader can do about it.
die() {
  printf 'error: %s\n' "$1" >&2
  [ $# -lt 2 ] || printf '       %s\n' "${@:2}" >&2
  exit 1
}

# defer COMMAND...: runs the command when this shell (or subshell) ends, whichever way; the last deferred runs first.
_deferred=()
defer() {
  # A subshell inherits the list, but what is on it is its parent's to do.
  [ "${_deferred_by-}" = "$BASHPID" ] || {
    _deferred=() _deferred_by=$BASHPID
    trap _run_deferred EXIT
    trap 'exit 130' INT
    trap 'exit 143' TERM HUP
  }
  _deferred+=("$(printf '%q ' "$@")")
}
_run_deferred() {
  local status=$? i
  trap '' INT TERM HUP
  set +e
  for ((i = ${#_deferred[@]} - 1; i >= 0; i--)); do eval "${_deferred[i]}"; done
  exit "$status"
}

# as_root COMMAND...: directly for root, by sudo for others who have it.
as_root() {
  if [ "$(id -u)" = 0 ]; then "$@"
  elif command -v sudo >/dev/null; then sudo "$@"
  else die "this step needs root: $*" "Run it as root, or install sudo and add yourself to its group."
  fi
}

# quietly LOG COMMAND...: keeps the output in LOG and shows its end only when the command fails.
quietly() {
  local log=$1
  shift
  "$@" >"$log" 2>&1 || {
    local status=$?
    tail -n 40 "$log" >&2
    printf '(whole log: %s)\n' "$log" >&2
    return "$status"
  }
}

# mib BYTES: mebibytes with one decimal.
mib() { awk -v b="$1" 'BEGIN { printf "%.1f", b / 1048576 }'; }
# seconds_since T: T from $EPOCHREALTIME.
seconds_since() { awk -v a="$1" -v b="$EPOCHREALTIME" 'BEGIN { printf "%.1f", b - a }'; }
