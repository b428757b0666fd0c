# shellcheck shell=bash
# build_ui: builds the web UI to artifacts/ui when something it is made of has changed. Sourced after shell.sh and setup.sh.

build_ui() {
  local inputs
  inputs=$(_ui_inputs)
  if [ -f artifacts/ui/index.html.gz ] && [ "$(cat artifacts/ui.inputs 2>/dev/null)" = "$inputs" ]; then return 0; fi
  need_ui_packages
  local started=$EPOCHREALTIME
  note "building the web UI"
  mkdir -p artifacts
  quietly artifacts/ui.log npm --prefix appliance/ui run -s build ||
    die "the web UI does not build." "What failed is above."
  printf '%s\n' "$inputs" >artifacts/ui.inputs
  note "built in $(seconds_since "$started") s"
}

# need_ui_packages: what package-lock.json names, installed in appliance/ui/node_modules.
need_ui_packages() {
  need_node
  local lock
  lock=$(sha256sum appliance/ui/package-lock.json | cut -c1-64)
  [ "$(cat appliance/ui/node_modules/.installed 2>/dev/null)" != "$lock" ] || return 0
  note "installing the packages of the web UI"
  mkdir -p artifacts
  quietly artifacts/npm.log npm --prefix appliance/ui ci --no-audit --no-fund ||
    die "the packages of the web UI cannot be installed." "npm needs its registry: npm config get registry tells which."
  printf '%s\n' "$lock" >appliance/ui/node_modules/.installed
}

_ui_inputs() {
  find appliance/ui appliance/VProtect.Server/Api/openapi.json -name node_modules -prune -o -name schema.ts -prune -o -type f -print0 |
    sort -z | xargs -0 sha256sum | sha256sum | cut -c1-64
}
