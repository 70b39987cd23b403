#!/usr/bin/env bash
# Builds the guest image from Debian packages and the sources beside this script: vmlinuz and vmlinux (the same kernel,
# packed and not), initrd, rootfs.img and guest.json. Nothing is installed on the host. See docs/guest-image.md.
#
#   build.sh [--out DIR] [--refresh]
#
#   --out DIR   where to; ${TEMPLATING_CACHE:-<repository>/.cache}/guest by default
#   --refresh   look for newer packages, too; without it, what was built is kept until the sources change
set -Eeuo pipefail
trap 'echo "${BASH_SOURCE[0]}: line $LINENO: $BASH_COMMAND" >&2' ERR
export LC_ALL=C TZ=UTC
umask 022

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
cache=${TEMPLATING_CACHE:-$here/../../.cache}
out=
refresh=
while [ $# -gt 0 ]; do
    case $1 in
        --out)
            out=${2:?--out needs a folder}
            shift
            ;;
        --refresh) refresh=--again ;;
        *)
            echo "Found option $1, expected --out DIR or --refresh." >&2
            exit 2
            ;;
    esac
    shift
done
mkdir -p "$cache"
cache=$(cd "$cache" && pwd)
out=${out:-$cache/guest}
work=

# Everything in the image bears this time (2025-01-01), for two builds of the same thing must not differ.
readonly epoch=1735689600
# Fixed for the same reason; no other file system in the guest could be confused with this one.
readonly filesystem_uuid=7e3a1c52-9d0f-4b86-a1e4-5c0f2d9b6a10
readonly filesystem_hash_seed=0b6d2f48-3e71-4c95-8fd0-91a7c5e2b364
# An NVDIMM's size must be a multiple of this, and so much is left free behind the file system (for attack-nvdimm).
readonly nvdimm_step=$((2 << 20))
readonly files="vmlinuz vmlinux initrd rootfs.img"
# In the order they depend on each other. virtio_net for the network, button and evdev for an orderly power-off, five for
# the NVDIMM; from nd_virtio on, what images plugged into a sandbox need: the devices they come as, erofs and overlay. All
# else this guest needs is built into Debian's cloud kernel.
readonly modules="failover net_failover virtio_net button evdev libnvdimm nd_btt nd_pmem nfit \
nd_virtio virtio_pmem virtio_blk libcrc32c erofs overlay"

fail() {
    echo "$1" >&2
    exit 1
}

sources_digest() {
    (cd "$here" && find . -type f ! -name 'check*' -print0 | sort -z | xargs -0 sha256sum &&
        sha256sum <"$here/../lib/apt.sh") | sha256sum | cut -d' ' -f1
}

# guest.json records what it was built from and what the files were then; sizes are enough to see a damaged copy.
up_to_date() {
    [ -z "$refresh" ] && [ -r "$out/guest.json" ] || return 1
    [ "$(jq -r .sources "$out/guest.json")" = "$1" ] || return 1
    local file
    for file in $files; do
        [ "$(stat -c %s "$out/$file" 2>/dev/null)" = "$(jq -r --arg f "$file" '.files[$f].bytes' "$out/guest.json")" ] ||
            return 1
    done
}

# The packages and, of what they depend on, the libraries: not the tools for installing them.
resolve_packages() {
    local kernel seen=" " queue name package dependency
    kernel=$(apt_version linux-image-cloud-amd64/new)
    kernel=$(apt_depends "$kernel" | grep '^linux-image-[0-9]')
    apt_version "$kernel/new" busybox-static
    queue=(qemu-guest-agent crun)
    while [ ${#queue[@]} -gt 0 ]; do
        name=${queue[0]}
        queue=("${queue[@]:1}")
        case $seen in *" $name "*) continue ;; esac
        seen+="$name "
        package=$(apt_version "$name")
        echo "$package"
        while read -r dependency; do
            case $dependency in
                libsystemd0) ;; # see make_systemd_library
                lib* | zlib1g) queue+=("$dependency") ;;
            esac
        done < <(apt_depends "$package")
    done
}

find_library() {
    local folder
    for folder in "$debs/lib/x86_64-linux-gnu" "$debs/usr/lib/x86_64-linux-gnu" "$debs/lib64" "$debs/usr/lib64"; do
        if [ -e "$folder/$1" ]; then
            echo "$folder/$1"
            return
        fi
    done
    fail "None of the packages holds the library $1."
}

# The libraries a program needs, and those that they need.
copy_libraries() {
    local queue=("$@") needed to=$root/usr/lib/x86_64-linux-gnu
    mkdir -p "$to" "$root/usr/lib64"
    while [ ${#queue[@]} -gt 0 ]; do
        while read -r needed; do
            [ ! -e "$to/$needed" ] || continue
            cp -L "$(find_library "$needed")" "$to/$needed"
            queue+=("$to/$needed")
        done < <(objdump -p "${queue[0]}" | sed -n 's/^  NEEDED *//p')
        queue=("${queue[@]:1}")
    done
    # The dynamic linker is named by its path in every program.
    ln -sf ../lib/x86_64-linux-gnu/ld-linux-x86-64.so.2 "$root/usr/lib64/ld-linux-x86-64.so.2"
}

# compile TO SOURCE... Paths out of the debug sections and macros, no build id: the binary depends on sources and compiler
# alone.
compile() {
    gcc -std=c11 -O2 -static -Wall -Wextra -Werror -fstack-protector-strong -D_FORTIFY_SOURCE=2 -s \
        -ffile-prefix-map="$here=." -Wl,--build-id=none -o "$1" "${@:2}"
    chmod 755 "$1"
}

# In the place of libsystemd, which crun would have to ask systemd for groups: this guest has no systemd, and crun is told not to.
# The real one brings five libraries more, which takes each start of crun a fifth of its time. Each call of it that crun knows
# says what the real one would say here: that it cannot be done.
make_systemd_library() {
    local source=$work/systemd.c name version
    objdump -T "$1" | sed -nE 's/.*\((LIBSYSTEMD_[0-9]+)\) +(sd_[a-z_]+)$/\1 \2/p' | sort -u >"$work/systemd"
    [ -s "$work/systemd" ] || fail "Expected $1 to use libsystemd."
    while read -r version name; do
        case $name in
            *_unref | *_free) echo "void *$name(void) { return 0; }" ;;
            *) echo "int $name(void) { return -38; } /* ENOSYS */" ;;
        esac
    done <"$work/systemd" >"$source"
    while read -r version; do
        echo "$version { global: $(sed -n "s/^$version \(.*\)/\1;/p" "$work/systemd" | tr '\n' ' ')};"
    done < <(cut -d' ' -f1 "$work/systemd" | uniq) >"$work/systemd.map"
    gcc -std=c11 -O2 -Wall -Wextra -Werror -shared -nostdlib -s -Wl,--build-id=none,-soname,libsystemd.so.0 \
        -Wl,--version-script,"$work/systemd.map" -o "$2" "$source"
    chmod 644 "$2"
}

make_root() {
    local name package
    mkdir -p "$root"/{dev,proc,sys,run,tmp,root,etc,usr/bin,usr/sbin,usr/lib,usr/lib64,usr/share/doc,var/log}
    for name in bin sbin lib lib64; do
        ln -s "usr/$name" "$root/$name"
    done
    ln -s /run "$root/var/run"
    cp "$debs/bin/busybox" "$root/usr/bin/busybox" 2>/dev/null || cp "$debs/usr/bin/busybox" "$root/usr/bin/busybox"
    "$root/usr/bin/busybox" --list | grep -vx busybox | while read -r name; do
        ln -s busybox "$root/usr/bin/$name"
    done
    cp "$debs/usr/sbin/qemu-ga" "$root/usr/sbin/qemu-ga"
    cp "$debs/usr/bin/crun" "$root/usr/bin/crun"
    mkdir -p "$root/usr/lib/x86_64-linux-gnu"
    make_systemd_library "$root/usr/bin/crun" "$root/usr/lib/x86_64-linux-gnu/libsystemd.so.0"
    copy_libraries "$root/usr/sbin/qemu-ga" "$root/usr/bin/crun"
    compile "$root/usr/sbin/templating-guest" "$here"/templating-guest/*.c
    compile "$root/usr/sbin/templating-pause" "$here/templating-pause.c"
    compile "$root/usr/bin/templating-attack-nvdimm" "$here/attack-nvdimm.c"
    rm -f "$root/usr/bin/init"
    install -m 755 "$here/rootfs/init" "$root/usr/sbin/init"
    ln -s /run/machine-id "$root/etc/machine-id"
    ln -s /proc/mounts "$root/etc/mtab"
    echo "root:x:0:0:root:/root:/bin/sh" >"$root/etc/passwd"
    echo "root:x:0:" >"$root/etc/group"
    printf '127.0.0.1 localhost\n::1 localhost\n' >"$root/etc/hosts"
    echo "nameserver 10.0.2.3" >"$root/etc/resolv.conf"
    cp "$debs/usr/lib/os-release" "$root/usr/lib/os-release" 2>/dev/null ||
        printf 'ID=debian\nNAME="Debian GNU/Linux (templating guest)"\n' >"$root/usr/lib/os-release"
    ln -s ../usr/lib/os-release "$root/etc/os-release"
    # Who wrote what is in here, and on which terms.
    for package in "$debs"/usr/share/doc/*/copyright; do
        name=$(basename "$(dirname "$package")")
        case $name in linux-*) continue ;; esac
        mkdir -p "$root/usr/share/doc/$name"
        cp -L "$package" "$root/usr/share/doc/$name/copyright"
    done
}

# What makes Linux use an NVDIMM in fsdax mode: an information block 4 KiB into it (Linux, drivers/nvdimm/pfn.h, version
# 1.4). Without it the device is "raw", and a file system there cannot be mounted with dax; the guest cannot add it, for
# its device is read-only. Given in words of 32 bits, which is what its checksum (Fletcher's) goes over.
write_pfn_info() {
    local image=$1 data_pages=$2 words=() word i low=0 high=0 bytes=
    for ((i = 0; i < 1024; i++)); do words[i]=0; done
    words[0]=$((0x4944564e)) words[1]=$((0x505f4d4d))     # NVDIMM_P
    words[2]=$((0x495f4e46)) words[3]=$((0x004f464e))     # FN_INFO
    words[4]=$((0x7e3a1c52))                              # a UUID; any but zero
    words[13]=$((4 << 16 | 1))                            # version
    words[14]=$nvdimm_step                                # the data's offset, 64 bits
    words[16]=$data_pages                                 # 64 bits
    words[18]=1                                           # the kernel keeps its page structs in RAM
    words[21]=$nvdimm_step                                # alignment
    words[22]=4096                                        # page size
    words[23]=64                                          # size of a page struct
    for word in "${words[@]}"; do
        low=$(((low + word) & 0xffffffff))
        high=$(((high + low) & 0xffffffff))
    done
    words[1022]=$low words[1023]=$high
    for word in "${words[@]}"; do
        printf -v word '\\x%02x\\x%02x\\x%02x\\x%02x' \
            $((word & 255)) $((word >> 8 & 255)) $((word >> 16 & 255)) $((word >> 24))
        bytes+=$word
    done
    # shellcheck disable=SC2059 # the format is the data
    printf "$bytes" | dd of="$image" bs=4096 seek=1 conv=notrunc status=none
}

# A map of the image: 2 MiB for the information block, the file system, 2 MiB that belong to nobody.
#
# The file system is put together by debugfs from a sorted list rather than by mke2fs -d: the latter takes files in the
# order in which the build host's file system happens to give them, with the build host's user as their owner.
make_image() {
    local image=$1 filesystem=$work/filesystem path type mode bytes
    bytes=$(($(du -s --apparent-size -B4096 "$root" | cut -f1) * 4096))
    bytes=$(((bytes + bytes / 8) / nvdimm_step * nvdimm_step + nvdimm_step))
    truncate -s "$bytes" "$filesystem"
    export E2FSPROGS_FAKE_TIME=$epoch
    # No journal and no checksums: nobody ever writes to it. 4 KiB blocks are what DAX needs.
    mke2fs -q -F -t ext4 -b 4096 -I 256 -m 0 -O '^has_journal,^metadata_csum,^resize_inode,^64bit,^huge_file' \
        -E "hash_seed=$filesystem_hash_seed,lazy_itable_init=0,nodiscard,root_owner=0:0" -U "$filesystem_uuid" \
        -L templating "$filesystem"
    (cd "$root" && find . -mindepth 1 -printf '%P\t%y\t%m\n' | sort) | while IFS=$'\t' read -r path type mode; do
        case $type in
            d) printf 'mkdir "/%s"\nset_inode_field "/%s" mode 0%o\n' "$path" "$path" $((0040000 | 0$mode)) ;;
            f)
                printf 'write "%s" "/%s"\n' "$root/$path" "$path"
                printf 'set_inode_field "/%s" mode 0%o\n' "$path" $((0100000 | 0$mode))
                ;;
            l) printf 'symlink "/%s" "%s"\n' "$path" "$(readlink "$root/$path")" ;;
            *) fail "Cannot put $path of type $type into the image." ;;
        esac
        printf 'set_inode_field "/%s" uid 0\nset_inode_field "/%s" gid 0\n' "$path" "$path"
    done >"$work/debugfs"
    debugfs -w -f "$work/debugfs" "$filesystem" >"$work/debugfs.log" 2>&1
    # debugfs goes on after an error and ends with 0; each line it prints that is no echo of a command is one.
    if grep -vE '^debugfs|^Allocated inode' "$work/debugfs.log" >&2; then
        fail "debugfs could not build the file system."
    fi
    if ! e2fsck -fn "$filesystem" >"$work/e2fsck.log" 2>&1; then
        cat "$work/e2fsck.log" >&2
        fail "The file system is damaged."
    fi
    truncate -s $((bytes + 2 * nvdimm_step)) "$image"
    write_pfn_info "$image" $(((bytes + nvdimm_step) / 4096))
    dd if="$filesystem" of="$image" bs=2M seek=1 conv=notrunc,sparse status=none
}

# The kernel as it is after it has unpacked itself (an ELF file with a PVH entry, which QEMU starts directly). It is the
# very code of vmlinuz, without what is a quarter of the boot under emulation: unpacking. Linux, Documentation/arch/x86/
# boot.rst: the packed kernel is at payload_offset after the setup sectors, and its last 4 bytes are its unpacked size.
unpack_kernel() {
    local from=$1 to=$2 sectors offset length unpack
    sectors=$(od -An -tu1 -j $((0x1f1)) -N 1 "$from")
    offset=$(od -An -tu4 -j $((0x248)) -N 4 "$from")
    length=$(od -An -tu4 -j $((0x24c)) -N 4 "$from")
    offset=$((offset + (sectors + 1) * 512))
    case $(od -An -tx4 -j "$offset" -N 4 "$from") in
        *fd2fb528) unpack="zstd -dcq" ;;
        *587a37fd) unpack="xz -dcq" ;;
        *8b1f) unpack="gzip -dcq" ;;
        *) fail "Expected a kernel packed by zstd, xz or gzip in $from." ;;
    esac
    dd if="$from" bs=1M iflag=skip_bytes,count_bytes skip="$offset" count=$((length - 4)) status=none | $unpack >"$to"
    [ "$(stat -c %s "$to")" = "$(od -An -tu4 -j $((offset + length - 4)) -N 4 "$from" | tr -d ' ')" ] ||
        fail "The kernel unpacked from $from has another size than it says."
}

make_initrd() {
    local folder=$work/initrd module file
    mkdir -p "$folder"/{bin,lib,dev,proc,root}
    cp "$root/usr/bin/busybox" "$folder/bin/busybox"
    sed "s/@MODULES@/$modules/" "$here/initrd-init" >"$folder/init"
    chmod 755 "$folder/init"
    for module in $modules; do
        file=$(find "$debs/lib/modules" "$debs/usr/lib/modules" -name "$module.ko.xz" 2>/dev/null || true)
        [ -n "$file" ] || fail "The kernel package has no module $module."
        xz -dc "$file" >"$folder/lib/$module.ko"
    done
    find "$folder" -exec touch -h -d "@$epoch" {} +
    # Not compressed: unpacking would cost the guest more than the monitor needs for copying two megabytes.
    (cd "$folder" && find . -print0 | sort -z |
        cpio --null --create --format=newc --reproducible --owner=0:0 --quiet) >"$1"
}

describe() {
    local folder=$1 digest=$2 file
    for file in $files; do
        jq -n --arg name "$file" --arg sha256 "$(sha256sum "$folder/$file" | cut -d' ' -f1)" \
            --argjson bytes "$(stat -c %s "$folder/$file")" '{($name): {$sha256, $bytes}}'
    done | jq -s --arg sources "$digest" --rawfile packages "$work/packages" --arg compiler "$(gcc -dumpfullversion)" \
        '{sources: $sources, compiler: ("gcc " + $compiler),
          packages: ($packages | rtrimstr("\n") | split("\n") | map(split("=") | {(.[0]): (.[1:] | join("="))}) | add),
          files: add}' >"$folder/guest.json"
}

digest=$(sources_digest)
if up_to_date "$digest"; then
    echo "$out is up to date."
    exit 0
fi
# The folder is replaced as a whole, so it had better be ours.
if [ -e "$out" ] && [ ! -e "$out/guest.json" ] && [ -n "$(ls -A "$out")" ]; then
    fail "Found other files and no guest.json in $out, expected an earlier build, an empty folder or none."
fi
# Who comes second waits, and mostly finds the work done.
exec 9>"$cache/guest-build.lock"
flock 9
if up_to_date "$digest"; then
    echo "$out is up to date."
    exit 0
fi

PATH=$PATH:/usr/sbin:/sbin
for tool in gcc objdump xz zstd cpio jq mke2fs debugfs e2fsck; do
    command -v "$tool" >/dev/null || fail "Expected $tool on this host: run eng/install.sh first."
done
[ "$(uname -m)" = x86_64 ] || fail "Found a $(uname -m) host, expected x86_64: the image is built for it."

mkdir -p "$(dirname "$out")"
out=$(cd "$(dirname "$out")" && pwd)/$(basename "$out")
work=$(mktemp -d "$cache/guest-build.XXXXXX")
# Beside the place where it goes: a rename does not reach into another file system.
result=$(mktemp -d "$(dirname "$out")/.guest-new.XXXXXX")
trap 'rm -rf "$work" "$result"' EXIT
chmod 755 "$result"
debs=$work/debs root=$work/root
mkdir -p "$debs"

# shellcheck source=SCRIPTDIR/../lib/apt.sh
. "$here/../lib/apt.sh"
apt_setup "$cache/apt"
apt_update $refresh
echo "Resolving packages" >&2
resolve_packages | sort >"$work/packages"
mapfile -t packages <"$work/packages"
echo "Fetching ${#packages[@]} packages" >&2
apt_unpack "$debs" "${packages[@]}"
echo "Building the image" >&2
make_root
make_image "$result/rootfs.img"
make_initrd "$result/initrd"
cp "$debs"/boot/vmlinuz-* "$result/vmlinuz"
unpack_kernel "$result/vmlinuz" "$result/vmlinux"
chmod 644 "$result"/*
describe "$result" "$digest"

# By rename, so that nobody ever finds half an image; two renames, because a folder does not replace a full one.
if [ -e "$out" ]; then
    old=$(mktemp -d "$(dirname "$out")/.guest-old.XXXXXX")
    mv -T "$out" "$old"
    mv -T "$result" "$out"
    rm -rf "$old"
else
    mv -T "$result" "$out"
fi
echo "Built $out:" >&2
(cd "$out" && ls -l >&2)
