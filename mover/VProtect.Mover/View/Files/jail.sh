#!/bin/sh
# Started as root in mount, network, IPC and process namespaces of its own: makes a root directory that holds programs, the disks and the agent and nothing else,
# then is user-mode Linux as a user that owns nothing.
#   jail.sh DIRECTORY USER MEMORY_MIB DISKS
# DIRECTORY has init.sh, agent.pl, uml.so, and disks/0 … of DISKS disks. Standard input and output become the agent's line.
set -eu
d=$1 user=$2 memory=$3 disks=$4
root=$d/root
mkdir -p "$root"
mount -t tmpfs -o mode=755,nosuid,nodev,size=1m jail "$root"
mkdir "$root/usr" "$root/proc" "$root/sys" "$root/dev" "$root/tmp" "$root/mnt" "$root/run" "$root/disks" "$root/agent" "$root/etc" "$root/var" "$root/modules"
mount --bind -o ro /usr "$root/usr"
mount -o remount,bind,ro,nosuid,nodev "$root/usr"
for link in bin sbin lib lib32 lib64 libx32; do [ ! -e "/usr/$link" ] || ln -s "usr/$link" "$root/$link"; done
mount -t proc -o ro,nosuid,nodev,noexec proc "$root/proc"
mount --rbind "$d/disks" "$root/disks"
cp "$d/init.sh" "$root/agent/init"
cp "$d/agent.pl" "$d/uml.so" "$root/agent/"
chmod 755 "$root/agent" "$root/agent/init"
# The memory of the guest is a file there.
mount -t tmpfs -o mode=1777,nosuid,nodev,size="$((memory + 8))m" memory "$root/tmp"
mknod -m 666 "$root/dev/null" c 1 3
mknod -m 666 "$root/dev/zero" c 1 5
mknod -m 444 "$root/dev/urandom" c 1 9
mknod -m 444 "$root/dev/random" c 1 8
mount -o remount,ro,mode=755,nosuid "$root"
set -- linux.uml "mem=${memory}M" root=/dev/root rootfstype=hostfs rootflags=/ ro init=/agent/init quiet panic=-1 con=null con0=null ssl=null ssl0=fd:0,fd:1
i=0
while [ "$i" -lt "$disks" ]; do
  set -- "$@" "ubd${i}t=/disks/$i"
  i=$((i + 1))
done
exec chroot "$root" setpriv --reuid "$user" --regid "$user" --clear-groups --no-new-privs --inh-caps=-all --ambient-caps=-all --bounding-set=-all -- \
  prlimit --core=0 --nofile=256 --nproc=512 -- env -i PATH=/usr/sbin:/usr/bin HOME=/tmp TMPDIR=/tmp LD_PRELOAD=/agent/uml.so "$@"
