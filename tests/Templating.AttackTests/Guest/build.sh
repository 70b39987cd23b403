#!/usr/bin/env bash
# Builds the initrd of the hostile guest: the guest image's own, and behind it a second archive with a hostile program that
# takes the place of templating-guest and qemu-ga (Linux, Documentation/driver-api/early-userspace/buffer-format.rst: archives
# may follow one another, a later file replaces an earlier one).
#
#   build.sh INITRD OUT    the guest image's initrd; the file to make
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
initrd=$(realpath "${1:?the initrd of the guest image}") out=$(realpath -m "${2:?the file to make}")
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

mkdir -p "$work/add/bin"
gcc -std=c11 -O2 -static -Wall -Wextra -Werror -s -o "$work/add/bin/hostile" "$here/hostile.c"
cpio --quiet -i --to-stdout init "./init" <"$initrd" >"$work/init.was"
# shellcheck disable=SC2016  # The text of another script.
grep -q '^exec \$b switch_root' "$work/init.was" || {
    echo "The init in $initrd does not end by 'exec \$b switch_root'." >&2
    exit 1
}
# The root file system is read-only, so the program is mounted over those it replaces; /root/root is a folder of it nobody needs.
# shellcheck disable=SC2016  # The same.
sed 's|^exec \$b switch_root.*|\
$b mount -t tmpfs hostile /root/root \&\& $b cp /bin/hostile /root/root/hostile \|\| fail "cannot place hostile"\
$b mount --bind /root/root/hostile /root/usr/sbin/templating-guest \|\| fail "cannot replace templating-guest"\
$b mount --bind /root/root/hostile /root/usr/sbin/qemu-ga \|\| fail "cannot replace qemu-ga"\
&|' "$work/init.was" >"$work/add/init"
chmod 755 "$work/add/init"
(cd "$work/add" && find . -print0 | cpio --null --create --format=newc --owner=0:0 --quiet) >"$work/second"
cat "$initrd" "$work/second" >"$out"
