#!/usr/bin/env bash
# A libvirtd and an appliance that knows it as kvm1, for comparisons; sourced. Both are given $work, a folder for bulk, and $short, whose path fits unix sockets.
# They set $uri and $appliance.
# shellcheck shell=bash disable=SC2154,SC2034

# What they say goes to $work/log, and to people when they fail.
vprotect() { quietly "$work/log" artifacts/vprotect "$@"; }
on_host() { quietly "$work/log" virsh -q -c "$uri" "$@"; }

# field NAME: of the first row of a JSON list.
field() { python3 -c 'import json, sys; print(json.load(sys.stdin)[0][sys.argv[1]])' "$1"; }

progress() { printf '%s\n' "$*" >&2; }

# A libvirtd with configuration, state and run directories of its own; see tests/VProtect.Testing/LibvirtHost.cs.
start_libvirtd() {
  mkdir -p "$short"/{etc,lib,cache,run,log,sock} "$work/pool"
  printf '%s\n' 'user = "root"' 'group = "root"' 'security_driver = "none"' 'cgroup_controllers = [ ]' 'namespaces = [ ]' 'stdio_handler = "file"' \
    'remember_owner = 0' 'dynamic_ownership = 0' >"$short/etc/qemu.conf"
  printf '%s\n' "unix_sock_dir = \"$short/sock\"" 'auth_unix_rw = "none"' 'auth_unix_ro = "none"' "log_outputs = \"3:file:$short/libvirtd.log\"" >"$short/etc/libvirtd.conf"
  { cat /etc/passwd && echo 'libvirt-qemu:x:64055:64055::/nonexistent:/usr/sbin/nologin'; } >"$short/etc/passwd"
  { cat /etc/group && echo 'libvirt-qemu:x:64055:'; } >"$short/etc/group"
  unshare -m --propagation private sh -ec '
    d=$1
    mkdir -p /etc/libvirt /var/lib/libvirt /var/cache/libvirt /run/libvirt /var/log/libvirt
    mount --bind "$d/etc/passwd" /etc/passwd
    mount --bind "$d/etc/group" /etc/group
    mount --bind "$d/etc" /etc/libvirt
    mount --bind "$d/lib" /var/lib/libvirt
    mount --bind "$d/cache" /var/cache/libvirt
    mount --bind "$d/run" /run/libvirt
    mount --bind "$d/log" /var/log/libvirt
    exec libvirtd -p "$d/libvirtd.pid" -f /etc/libvirt/libvirtd.conf >"$d/libvirtd.out" 2>&1 </dev/null' sh "$short" &
  mine $!
  uri="qemu:///system?socket=$short/sock/libvirt-sock"
  wait_until 60 $! virsh -q -c "$uri" version >/dev/null 2>&1 || die "libvirtd does not start." "$(cat "$short/libvirtd.out" "$short/libvirtd.log" 2>/dev/null)"
}

start_appliance() {
  export VPROTECT_STATE=$work/state XDG_CONFIG_HOME=$work/config
  artifacts/vprotect serve --data "$work/data" --urls https://127.0.0.1:18181 >"$work/serve.log" 2>&1 &
  appliance=$!
  mine "$appliance"
  wait_until 60 "$appliance" grep -q 'password' "$work/serve.log" || die "the appliance does not start." "$(tail -n 5 "$work/serve.log")"
  wait_until 60 "$appliance" curl -skf https://127.0.0.1:18181/health/ready -o /dev/null || die "the appliance is not ready." "$(tail -n 5 "$work/serve.log")"
  first_password >"$work/first"
  echo 'correct horse battery 9' >"$work/password"
  quietly "$work/log" artifacts/vprotect login https://127.0.0.1:18181 -u admin --password-file "$work/first" --new-password-file "$work/password" \
    --fingerprint "$(openssl x509 -in "$work/data/tls/server.crt" -outform DER | sha256sum | cut -d' ' -f1)"
  quietly "$work/log" artifacts/vprotect hv add kvm1 --type KVM --host "$uri" --setting "socketDirectory=$short" --setting scratchReserveMiB=0
}

first_password() { sed -n 's/.*password[^:]*: *\([^ ]*\).*/\1/p' "$work/serve.log" | head -n 1; }
