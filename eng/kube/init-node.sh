#!/usr/bin/env bash
# The first process of a node's namespaces: gives it a root folder of its own and becomes `pause`. Called by node.sh, not by
# people. The node sees the machine's programs, devices and cgroups; /etc, /var, /run and /tmp are its own.
#
#   init-node.sh ROOT NAME
set -Eeuo pipefail
trap 'echo "${BASH_SOURCE[0]}: line $LINENO: $BASH_COMMAND" >&2' ERR
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
# shellcheck source=SCRIPTDIR/lib.sh
. "$here/lib.sh"
root=$1
name=$2
assets=$(kube_bin kubelet)

hostname "$name"
ip link set lo up
mount --bind "$root" "$root"
cd "$root"
mkdir -p dev etc opt/assets opt/bin opt/kube proc run sys tmp usr var old
mount --rbind /usr usr
mount -o remount,bind,ro usr
for folder in bin sbin lib lib32 lib64; do
    [ -e "/$folder" ] || continue
    if [ -L "/$folder" ]; then
        [ -L "$folder" ] || cp -P "/$folder" "$folder"
    else
        mkdir -p "$folder"
        mount --rbind "/$folder" "$folder"
    fi
done
mount --rbind /dev dev
mount -t sysfs sysfs sys
mount --rbind /sys/fs/cgroup sys/fs/cgroup
mount -t proc proc proc
mount -t tmpfs -o mode=755 tmpfs run
mount -t tmpfs tmpfs tmp
mount --bind "$KUBE_CACHE" opt/kube
mount -o remount,bind,ro opt/kube
mount --bind "$assets" opt/assets
mount -o remount,bind,ro opt/assets
mkdir -p run/lock run/containerd var/log var/lib var/run
cp /etc/passwd /etc/group /etc/ld.so.cache /etc/nsswitch.conf etc/ 2>/dev/null || true

pivot_root . old
umount -l /old
cd /
echo 1 >/proc/sys/net/ipv4/ip_forward

# The kubelet demands these settings. It is shown files that say so; the machine's own stay as they are.
pretend() {
    mkdir -p /run/pretend
    echo "$2" >"/run/pretend/${1//\//.}"
    mount --bind "/run/pretend/${1//\//.}" "/proc/sys/$1"
}
pretend vm/overcommit_memory 1
pretend vm/panic_on_oom 0
pretend kernel/panic 10
pretend kernel/panic_on_oops 1
pretend kernel/keys/root_maxkeys 1000000
pretend kernel/keys/root_maxbytes 25000000

# Mounts that a CSI driver's container makes must reach the kubelet and other pods.
mount --make-rshared /
exec /opt/kube/bin/pause
