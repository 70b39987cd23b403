#!/bin/sh
# Removes from a Debian root folder what a container of ours never reads; run inside it. QEMU's own files are cut to what a
# headless q35 machine with virtio devices loads.
set -eu
rm -rf /usr/share/doc/* /usr/share/man/* /usr/share/info/* /usr/share/locale/* /usr/share/lintian /usr/share/bash-completion \
    /usr/share/icons /usr/share/applications /usr/share/zoneinfo \
    /var/cache/apt/* /var/lib/apt/lists/* /var/log/* /tmp/* /usr/lib/x86_64-linux-gnu/gconv

cd /usr/share/qemu 2>/dev/null || exit 0
for file in * ; do
    case $file in
        kvmvapic.bin | linuxboot*.bin | multiboot*.bin | pvh.bin | vgabios*.bin | bios*.bin) ;;
        *) rm -rf "$file" ;;
    esac
done
for file in /usr/lib/ipxe/* /usr/lib/ipxe/qemu/*; do
    case $file in
        /usr/lib/ipxe/qemu | */efi-virtio.rom | */pxe-virtio.rom) ;;
        *) rm -rf "$file" ;;
    esac
done
# Screens, sound and host devices are modules; a clone has none of them.
rm -rf /usr/lib/x86_64-linux-gnu/qemu
# The emulator of one machine type without PCI, beside the one we start.
rm -f /usr/bin/qemu-system-i386 /usr/bin/qemu-system-x86_64-microvm
