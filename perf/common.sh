# shellcheck shell=bash
# What each comparison begins with: $root, which it works in, and the words of the house; sourced.

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
cd "$root"
# shellcheck source-path=SCRIPTDIR source=../.build/shell.sh
source .build/shell.sh
# shellcheck source-path=SCRIPTDIR source=../.build/setup.sh
source .build/setup.sh
# shellcheck source-path=SCRIPTDIR source=../.build/publish.sh
source .build/publish.sh
# shellcheck source-path=SCRIPTDIR source=../tests/testbed/lib.sh
source tests/testbed/lib.sh
