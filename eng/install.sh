#!/usr/bin/env bash
# Installs what this repository needs on a Debian 12 or 13 host: QEMU and the tools that the scripts in eng/ call. A line
# for each; when all is there it changes nothing and asks no mirror. Run as root when something is missing.
set -Eeuo pipefail
trap 'echo "${BASH_SOURCE[0]}: line $LINENO: $BASH_COMMAND" >&2' ERR
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
PATH=$PATH:/usr/sbin:/sbin

# memory-backend-file,rom= came with this release, and without it an image cannot be kept read-only in a clone.
readonly qemu_needed=8.2

# What must be there and the package that brings it; /new is the one from backports (see lib/apt.sh).
readonly needs=(
    "qemu-img qemu-utils/new"
    "gcc gcc"
    "objdump binutils"
    "xz xz-utils"
    "zstd zstd"
    "mke2fs e2fsprogs"
    "debugfs e2fsprogs"
    "mkfs.erofs erofs-utils"
    "mmdebstrap mmdebstrap"
    "cpio cpio"
    "curl curl"
    "passt passt"
    "ip iproute2"
    "jq jq"
    "npm npm"
    "python3 python3-minimal"
    "protoc protobuf-compiler"
    "unzip unzip"
    # The well-known types that every .proto here imports; Debian has them apart from protoc.
    "/usr/include/google/protobuf/any.proto libprotobuf-dev"
    "/usr/lib/python3/dist-packages/grpc/__init__.py python3-grpcio"
    "/usr/lib/python3/dist-packages/google/protobuf/any_pb2.py python3-protobuf"
    "/usr/include/stdio.h libc6-dev"
    "/usr/include/zlib.h zlib1g-dev"
    "/etc/ssl/certs/ca-certificates.crt ca-certificates"
)

missing=()

qemu_version() {
    command -v qemu-system-x86_64 >/dev/null || return 0
    local text
    text=$(qemu-system-x86_64 --version)
    sed -nE '1s/.* version ([0-9]+\.[0-9]+).*/\1/p' <<<"$text"
}

at_least() {
    [ "$(printf '%s\n%s\n' "$2" "$1" | sort -V | head -n 1)" = "$2" ]
}

there() {
    case $1 in
        /*) [ -e "$1" ] ;;
        *) command -v "$1" >/dev/null ;;
    esac
}

version=$(qemu_version)
if [ -n "$version" ] && at_least "$version" "$qemu_needed"; then
    echo "ok       qemu-system-x86_64 $version"
else
    echo "missing  qemu-system-x86_64 $qemu_needed or newer (found ${version:-none})"
    missing+=(qemu-system-x86/new)
fi
for need in "${needs[@]}"; do
    if there "${need% *}"; then
        echo "ok       ${need% *}"
    else
        echo "missing  ${need% *} (package ${need#* })"
        missing+=("${need#* }")
    fi
done

if [ ${#missing[@]} -gt 0 ]; then
    if [ "$(id -u)" != 0 ]; then
        echo "Run this as root to install: ${missing[*]%/new}" >&2
        exit 1
    fi
    # shellcheck source=SCRIPTDIR/lib/apt.sh
    . "$here/lib/apt.sh"
    cache=${TEMPLATING_CACHE:-$here/../.cache}
    mkdir -p "$cache"
    apt_setup "$(cd "$cache" && pwd)/apt"
    # Anew: a list of months ago names versions that the mirror has no more.
    apt_update --again
    apt_install "${missing[@]}"
    echo "installed ${missing[*]%/new}"
    version=$(qemu_version)
    if [ -z "$version" ] || ! at_least "$version" "$qemu_needed"; then
        echo "Found QEMU ${version:-none}, expected $qemu_needed or newer: is another qemu-system-x86_64 earlier in PATH?" >&2
        exit 1
    fi
fi

# Not a Debian package, so not installed from here.
if sdks=$(command -v dotnet >/dev/null && dotnet --list-sdks 2>/dev/null) && grep -q '^10\.' <<<"$sdks"; then
    echo "ok       .NET SDK $(grep '^10\.' <<<"$sdks" | tail -n 1 | cut -d' ' -f1)"
else
    cat >&2 <<'TEXT'
missing  .NET 10 SDK. Get it from https://dotnet.microsoft.com/download/dotnet/10.0, for instance with Microsoft's script:
             curl -fsSLO https://dot.net/v1/dotnet-install.sh
             bash dotnet-install.sh --channel 10.0 --install-dir /usr/local/lib/dotnet
             ln -s /usr/local/lib/dotnet/dotnet /usr/local/bin/dotnet
TEXT
    exit 1
fi
