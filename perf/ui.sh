#!/usr/bin/env bash
# Measures the web UI with a large catalog in Debian's Chromium: opening pages, lists sorted, filtered and paged, frames while scrolling.
#
#   perf/ui.sh [--machines N] [--points N] [--tasks N] [--save]
#
#   --machines N    machines of the catalog (10000)
#   --points N      their restore points (120000)
#   --tasks N       tasks that have ended (5000)
#   --save          also keep the report as perf/results/ui-DATE.md
#
# The program as it is published; nothing but the loopback. Chromium, the appliance and this share the machine.
set -euo pipefail

# shellcheck source-path=SCRIPTDIR source=common.sh
source "$(dirname "${BASH_SOURCE[0]}")/common.sh"

machines=10000 points=120000 tasks=5000 save=0
while [ $# -gt 0 ]; do
  case $1 in
    --machines) machines=$2 && shift ;;
    --points) points=$2 && shift ;;
    --tasks) tasks=$2 && shift ;;
    --save) save=1 ;;
    -h | --help) sed -n '2,/^set/{/^set/d;s/^# \{0,1\}//;p}' "$0" && exit ;;
    *) die "unknown option '$1'" "perf/ui.sh --help tells what there is." ;;
  esac
  shift
done

need_packages chromium
need_ui_packages
publish
quietly artifacts/ui-perf.log dotnet build -c Release perf/VProtect.CatalogScale -v:q --tl:off || die "perf/VProtect.CatalogScale does not build."
work=$(mktemp -d)
server=
stop_server() { [ -z "$server" ] || { kill "$server" 2>/dev/null && wait "$server" 2>/dev/null || true; server=; }; }
defer rm -rf "$work"
defer stop_server

heading "filling a catalog: $machines machines, $points restore points, $tasks tasks" >&2
dotnet artifacts/bin/VProtect.CatalogScale/release/VProtect.CatalogScale.dll fill "$machines" "$points" "$tasks" "$work/catalog.db"
artifacts/vprotect serve --data "$work" --urls https://127.0.0.1:0 >"$work/said" 2>&1 &
server=$!
for _ in {1..100}; do
  address=$(sed -n 's/^listening at *//p' "$work/said")
  [ -z "$address" ] || break
  sleep 0.2
done
[ -n "$address" ] || die "the appliance does not start." "$(cat "$work/said")"
report=$work/report.md
{
  printf '# The web UI, %s\n\n' "$(date +'%-d %B %Y')"
  printf '`perf/ui.sh`: %s machines, %s restore points, %s tasks; %s, %s processors shared by the appliance and the browser, load at the start %s; %s; commit %s.\n\n' \
    "$machines" "$points" "$tasks" "$(sed -n 's/^model name.*: //p' /proc/cpuinfo | head -1)" "$(nproc)" "$(cut -d' ' -f1 /proc/loadavg)" "$(chromium --version 2>/dev/null | sed 's/ *$//')" "$(git rev-parse --short HEAD)"
  VPROTECT_UI_ADDRESS=$address/ VPROTECT_UI_PASSWORD=$(sed -n 's/.*one-time password: *//p' "$work/said") node appliance/ui/browser/scale.mjs </dev/null
  printf '\nLoad at the end %s.\n' "$(cut -d' ' -f1 /proc/loadavg)"
} | tee "$report"
[ "$save" = 0 ] || { mkdir -p perf/results && cp "$report" "perf/results/ui-$(date +%F).md" && note "kept as perf/results/ui-$(date +%F).md" >&2; }
