#!/bin/sh
# First process of the user-mode Linux.
export PATH=/usr/sbin:/usr/bin:/sbin:/bin LC_ALL=C
mount -t proc proc /proc
mount -t sysfs sys /sys
mount -t devtmpfs dev /dev
mount -t tmpfs -o mode=755,size=16m run /run
mount -t tmpfs -o mode=700,size=1m mnt /mnt
mount -t tmpfs -o mode=755,size=1m tmp /tmp
mount -t tmpfs -o mode=755,size=1m var /var
mount -t tmpfs -o mode=755,size=1m etc /etc
mkdir -p /run/lock /run/lvm /run/cryptsetup /etc/lvm /run/udev
# Modules of this kernel lie in another place than modprobe thinks, also when the kernel itself calls it.
mkdir -p /run/root/lib/modules
ln -s "/usr/lib/uml/modules/$(uname -r)" "/run/root/lib/modules/$(uname -r)"
printf '#!/bin/sh\nexec modprobe -d /run/root "$@"\n' >/run/modprobe
chmod 755 /run/modprobe
echo /run/modprobe >/proc/sys/kernel/modprobe
perl /agent/agent.pl /dev/ttyS0 2>/run/fault
cat /run/fault >/dev/console
echo o >/proc/sysrq-trigger
sleep 5
