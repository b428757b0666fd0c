# shellcheck shell=bash
# publish: builds artifacts/vprotect when something it is made of has changed. Sourced after shell.sh and setup.sh.

# shellcheck source-path=SCRIPTDIR source=ui.sh
source "$(dirname "${BASH_SOURCE[0]}")/ui.sh"

publish() {
  local inputs
  build_ui
  inputs=$(_publish_inputs)
  if [ -x artifacts/vprotect ] && [ "$(cat artifacts/vprotect.inputs 2>/dev/null)" = "$inputs" ]; then return 0; fi
  need_dotnet
  local started=$EPOCHREALTIME
  note "publishing artifacts/vprotect"
  mkdir -p artifacts
  # How it is published stands in the profile.
  quietly artifacts/publish.log dotnet publish appliance/VProtect.Appliance -p:PublishProfile=single-file --tl:off -v:q ||
    die "the program does not build." "The compiler's messages are above."
  mv -T artifacts/publish/VProtect.Appliance/single-file/vprotect artifacts/vprotect
  printf '%s\n' "$inputs" >artifacts/vprotect.inputs
  note "published in $(seconds_since "$started") s: $(mib "$(stat -c %s artifacts/vprotect)") MiB"
}

# One line that changes with any source, project or props file, and with the version of the SDK.
_publish_inputs() {
  {
    find appliance mover catalog Directory.* global.json .editorconfig artifacts/ui.inputs -name node_modules -prune -o -type f \
      \( -name '*.cs' -o -name '*.csproj' -o -name '*.props' -o -name '*.pubxml' -o -name '*.targets' -o -name '*.json' -o -name '*.sql' -o -name '*.sh' -o -name '*.pl' -o -name '*.c' -o -name ui.inputs -o -name .editorconfig \) \
      -print0 | sort -z | xargs -0 sha256sum
    ls "$(dirname "$(readlink -f "$(command -v dotnet)")")/sdk" 2>/dev/null
  } | sha256sum | cut -c1-64
}
