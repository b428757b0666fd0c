#!/usr/bin/env bash
# peer.sh NAME FUNCTION [ARGUMENT...]: runs one function of peers/NAME.sh.
#
# Each peer has: version; prepare (an empty repository at $REPOSITORY); full ($DISK1) and incremental ($DISK2);
# restore (into the folder $OUT); restored (prints the restored file's path); and, when it reads over NBD,
# serve STEP (prints qemu-nbd's arguments, one a line; the step then reads $NBD_URI).
set -euo pipefail
serve() { :; }
# shellcheck source=/dev/null
source "$(dirname "${BASH_SOURCE[0]}")/peers/$1.sh"
"${@:2}"
