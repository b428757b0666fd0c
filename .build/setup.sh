# shellcheck shell=bash
# Set-up that ./run, ./test and perf/compare.sh share: Debian packages and the .NET SDK. Sourced after shell.sh.

# What the product loads or calls at run time.
packages_product=(libzstd1 qemu-utils tzdata libvirt0 openssh-client tgt util-linux user-mode-linux kmod lvm2 mdadm cryptsetup-bin ntfs-3g exfat-fuse fonts-dejavu-core fonts-droid-fallback)
# What building and booting a test disk takes, and what the tests talk to.
packages_testbed=(qemu-system-x86 qemu-utils mmdebstrap debian-archive-keyring e2fsprogs fdisk util-linux
                  grub-common grub-pc-bin python3)
packages_tests=(chromium iproute2 openssh-server slapd ldap-utils libiscsi-bin netcat-openbsd python3-prometheus-client btrfs-progs xfsprogs dosfstools exfatprogs udftools mtools genisoimage libvirt-daemon libvirt-daemon-driver-qemu libvirt-clients qemu-block-extra ceph-mon ceph-osd ceph-common radosgw ovmf swtpm swtpm-tools nbdkit fio libnbd-bin python3-libnbd b3sum zstd gnutls-bin fiu-utils strace poppler-utils qpdf postgresql)
packages_peers=(restic borgbackup casync hyperfine)

# need_packages PACKAGE...: installs those that are missing; touches the network only then.
need_packages() {
  local missing=() package
  for package in "$@"; do
    [ "$(dpkg-query -W -f '${db:Status-Status}' "$package" 2>/dev/null)" = installed ] || missing+=("$package")
  done
  [ ${#missing[@]} -gt 0 ] || return 0
  if [ "$(id -u)" != 0 ] && ! command -v sudo >/dev/null; then
    die "Debian packages are missing and only root may install them." \
        "As root: apt-get install --no-install-recommends ${missing[*]}"
  fi
  note "installing ${missing[*]}"
  local log
  log=$(mktemp)
  quietly "$log" as_root apt-get -q -o DPkg::Lock::Timeout=600 update ||
    die "apt-get update failed." "Check the network and /etc/apt/sources.list*, then run this again."
  quietly "$log" as_root env DEBIAN_FRONTEND=noninteractive apt-get -q -y -o DPkg::Lock::Timeout=600 \
    install --no-install-recommends "${missing[@]}" ||
    die "could not install: ${missing[*]}" "Install them by hand and run this again."
  rm -f "$log"
}

# need_dotnet: what building takes: the .NET SDK that global.json asks for, and a compiler for mover/VProtect.Mover/View/Files/uml.c.
need_dotnet() {
  need_packages gcc
  export DOTNET_CLI_TELEMETRY_OPTOUT=1 DOTNET_NOLOGO=1
  [ -z "$(_dotnet_10)" ] || return 0
  if apt-cache show dotnet-sdk-10.0 >/dev/null 2>&1; then need_packages dotnet-sdk-10.0; fi
  [ -n "$(_dotnet_10)" ] || die "the .NET 10 SDK is missing, and this machine's apt sources do not offer dotnet-sdk-10.0." \
    "Either add Microsoft's Debian 12 package source and install dotnet-sdk-10.0," \
    "or unpack the SDK from https://dotnet.microsoft.com/download/dotnet/10.0 and put it on PATH." \
    "Then run this again."
}
_dotnet_10() { command -v dotnet >/dev/null && dotnet --list-sdks 2>/dev/null | grep -m1 '^10\.0\.'; }

# need_node: Node 18 or later with npm, which build the web UI. What is there is used; Debian's otherwise.
need_node() {
  if command -v npm >/dev/null && [ "$(node -p 'parseInt(process.versions.node) >= 18' 2>/dev/null)" = true ]; then return 0; fi
  need_packages nodejs npm
}
