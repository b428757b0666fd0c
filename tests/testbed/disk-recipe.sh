#!/usr/bin/env bash
# The recipes of the test disks: disk-recipe.sh small|large|large2 WORK [FOLDER_OF_LARGE]
#
# Writes disk.raw, vmlinuz, initrd.img and cmdline into WORK. Called by build-disk.sh as root in a mount namespace of
# its own. Any change to this file makes new disks.
set -euo pipefail

testbed=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
# shellcheck source-path=SCRIPTDIR source=../../.build/shell.sh
source "$testbed/../../.build/shell.sh"

suite=bookworm
root_start=$((4 * 1048576)) # bytes; GRUB's core image lies before it
packages_base=(systemd-sysv udev kmod linux-image-cloud-amd64 initramfs-tools qemu-guest-agent e2fsprogs login passwd
               procps util-linux dbus less vim-tiny)
packages_large=(build-essential clang-14 llvm-14-dev openjdk-17-jdk-headless openjdk-17-source nodejs git cmake gdb
                libboost1.74-dev python3-scipy python3-pandas fonts-noto-cjk perl man-db)
packages_later=(postgresql-15 emacs-nox subversion)

main() {
  local name=$1 work=$2 before=$3
  disk=$work/disk.raw
  tree=$work/tree
  mkdir "$tree"
  if [ "$name" = large2 ]; then
    cp --sparse=always "$before/disk.raw" "$disk"
    chmod u+w "$disk"
    mount_root
    a_day_passes "$before"
    cp "$before"/{vmlinuz,initrd.img,cmdline} "$work"
  else
    partition "$name"
    mount_root
    "fill_$name" "$work"
    install_boot "$work"
  fi
  # Blocks of deleted files go back to the disk, as a guest with discard would have it.
  fstrim "$tree"
  umount "$tree"
  rmdir "$tree"
  [ "$name" = large2 ] || "$testbed/install_grub.py" "$disk" "$work/core.img"
  rm -f "$work/core.img"
}

partition() {
  case $1 in
    small) size=2G uuid=5e5d1b2e-0000-4000-8000-000000000001 ;;
    large) size=12G uuid=5e5d1b2e-0000-4000-8000-000000000002 ;;
  esac
  truncate -s "$size" "$disk"
  # Linux without partition parsers (some micro VMs) must be able to build this: file systems are addressed by offset.
  sfdisk -q "$disk" <<END
label: gpt
start=2048, size=4096, type=21686148-6449-6E6F-744E-656564454649, name=grub
start=$((root_start / 512)), type=4F68BCE3-E8CD-4DB1-96E7-FBCAF984B709, name=root
END
  # The partition ends where sfdisk ended it: before the backup table in the last 33 sectors, on a MiB boundary.
  local blocks=$((($(stat -c %s "$disk") - root_start - 1048576) / 4096))
  mkfs.ext4 -q -F -b 4096 -L root -U "$uuid" -E "offset=$root_start,hash_seed=$uuid,lazy_itable_init=0" "$disk" "$blocks"
}

mount_root() {
  # barrier=0: nothing here needs to survive a power cut; a cut build is thrown away.
  mount -o "loop,offset=$root_start,barrier=0" "$disk" "$tree"
  defer umount -q "$tree"
}

debootstrap_tree() { # PACKAGES, then more mmdebstrap options
  local packages=$1
  shift
  # No mirror is named: mmdebstrap takes this machine's apt sources for the suite.
  mmdebstrap --variant=minbase --mode=root --include="$packages" \
    --aptopt='Acquire::Languages "none"' --aptopt='APT::Install-Recommends "false"' \
    --dpkgopt=force-unsafe-io \
    --customize-hook='echo debian >"$1/etc/hostname"' \
    --customize-hook='chroot "$1" passwd -d root' \
    --customize-hook='echo "LABEL=root / ext4 defaults 0 1" >"$1/etc/fstab"' \
    "$@" "$suite" "$tree"
  mkdir -p "$tree/etc/systemd/system/serial-getty@ttyS0.service.d"
  cat >"$tree/etc/systemd/system/serial-getty@ttyS0.service.d/autologin.conf" <<'END'
[Service]
ExecStart=
ExecStart=-/sbin/agetty --autologin root --keep-baud 115200 - $TERM
END
  # Starting under emulation costs seconds for each unit nobody here uses.
  chroot "$tree" systemctl -q mask systemd-timesyncd.service getty@tty1.service e2scrub_reap.service \
    apt-daily.timer apt-daily-upgrade.timer dpkg-db-backup.timer e2scrub_all.timer fstrim.timer man-db.timer
  chroot "$tree" systemctl -q enable serial-getty@ttyS0.service
}

join() { local IFS=,; printf %s "$*"; }

fill_small() {
  # An initrd with all modules of a kernel takes the emulator ten seconds to unpack.
  debootstrap_tree "$(join "${packages_base[@]}")" \
    --essential-hook='mkdir -p "$1/etc/initramfs-tools/conf.d"; echo MODULES=list >"$1/etc/initramfs-tools/conf.d/vprotect"; printf "virtio_pci\nvirtio_blk\next4\n" >"$1/etc/initramfs-tools/modules"' \
    --dpkgopt='path-exclude=/usr/share/man/*' --dpkgopt='path-exclude=/usr/share/locale/*'
}

fill_large() {
  local later=$1/later
  mkdir "$later"
  # The second generation's packages are fetched now, so that both generations come from the same state of the mirror.
  LATER=${packages_later[*]} LATER_TO=$later debootstrap_tree "$(join "${packages_base[@]}" "${packages_large[@]}")" \
    --customize-hook='rm -f "$1"/var/cache/apt/archives/*.deb' \
    --customize-hook='APT_CONFIG=$MMDEBSTRAP_APT_CONFIG apt-get -y --download-only install $LATER' \
    --customize-hook='mv "$1"/var/cache/apt/archives/*.deb "$LATER_TO"'
  "$testbed/database.py" create "$tree/srv/shop.sqlite"
  "$testbed/database.py" log "$tree/var/log/shop.log" 1
}

a_day_passes() {
  local before=$1
  mkdir "$tree/var/tmp/later"
  cp "$before"/later/*.deb "$tree/var/tmp/later"
  printf '#!/bin/sh\nexit 101\n' >"$tree/usr/sbin/policy-rc.d"
  chmod 755 "$tree/usr/sbin/policy-rc.d"
  mount --bind /proc "$tree/proc"
  mount --bind /dev "$tree/dev"
  DEBIAN_FRONTEND=noninteractive chroot "$tree" sh -c 'dpkg --force-unsafe-io -i /var/tmp/later/*.deb'
  umount "$tree/proc" "$tree/dev"
  rm -rf "$tree/usr/sbin/policy-rc.d" "$tree/var/tmp/later" "$tree/usr/include/boost"
  "$testbed/database.py" update "$tree/srv/shop.sqlite"
  "$testbed/database.py" log "$tree/var/log/shop.log" 2
}

install_boot() {
  local work=$1 kernel
  kernel=$(cd "$tree/boot" && ls vmlinuz-*)
  cp "$tree/boot/$kernel" "$work/vmlinuz"
  cp "$tree/boot/initrd.img-${kernel#vmlinuz-}" "$work/initrd.img"
  echo "root=LABEL=root ro console=ttyS0 net.ifnames=0 quiet" >"$work/cmdline"
  mkdir -p "$tree/boot/grub"
  cat >"$tree/boot/grub/grub.cfg" <<END
serial --unit=0
terminal_output serial
set timeout=0
menuentry debian {
  linux /boot/$kernel $(cat "$work/cmdline")
  initrd /boot/initrd.img-${kernel#vmlinuz-}
}
END
  cat >"$work/early.cfg" <<'END'
search.fs_label root root
set prefix=($root)/boot/grub
configfile $prefix/grub.cfg
END
  grub-mkimage -O i386-pc -p /boot/grub -c "$work/early.cfg" -o "$work/core.img" \
    biosdisk part_gpt ext2 search search_label normal configfile linux serial terminal echo
  rm "$work/early.cfg"
}

main "$@"
