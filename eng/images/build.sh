#!/usr/bin/env bash
# Builds the container images from the Dockerfile, without a registry: base images are made of Debian's packages. Needs root.
#
#   .cache/images/templating.tar            localhost/templating:dev
#   .cache/images/templating-operator.tar   localhost/templating-operator:dev
#   .cache/images/kubectl-templating.tar    localhost/kubectl-templating:dev
#
#   build.sh [--from-source] [--refresh]
#
#   --from-source   compile in the image build, with a copy of the host's .NET SDK; else what eng/publish.sh makes is used
#   --refresh       make the base images anew, of the newest packages
#
# What is up to date is not made again.
set -Eeuo pipefail
trap 'echo "${BASH_SOURCE[0]}: line $LINENO: $BASH_COMMAND" >&2' ERR
export LC_ALL=C
umask 022
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
repo=$(cd "$here/../.." && pwd)
# shellcheck source=SCRIPTDIR/../lib/apt.sh
. "$here/../lib/apt.sh"

from_source=
refresh=
while [ $# -gt 0 ]; do
    case $1 in
        --from-source) from_source=1 ;;
        --refresh) refresh=--again ;;
        *) apt_fail "Found option $1, expected --from-source or --refresh." ;;
    esac
    shift
done
[ "$(id -u)" = 0 ] || apt_fail "Run this as root: base images have files of root's."
"$here/../kube/install.sh"

mkdir -p "${TEMPLATING_CACHE:-$repo/.cache}/images"
images=$(cd "${TEMPLATING_CACHE:-$repo/.cache}/images" && pwd)
exec 9>"$images/build.lock"
flock 9
work=
# buildah leaves its store mounted, and an interrupted one its containers.
finish() {
    [ -z "$work" ] || rm -rf "$work"
    awk -v below="$images/storage/" 'index($2, below) == 1 { print $2 }' /proc/mounts | sort -r | xargs -r umount --lazy
}
trap finish EXIT
trap 'exit 130' INT TERM

# An image store of our own: nothing of the host's is touched, and its configuration does not matter.
driver=overlay
[ "$(stat -f -c %T "$images")" != overlayfs ] || driver=vfs
options=(--root "$images/storage" --runroot "$images/run" --storage-driver "$driver")
policy=(--signature-policy "$here/policy.json")

digest() {
    cat "$@" | sha256sum | cut -d' ' -f1
}

# base NAME HOOK PACKAGE...: localhost/NAME, a minimal Debian of this host's release with the packages. HOOK ends it.
base() {
    local name=$1 hook=$2 stamp packages release target
    shift 2
    # Raise the number when a base is made in another way.
    stamp="1 $(digest "$here/strip.sh") $*"
    if [ -z "$refresh" ] && [ "$(cat "$images/$name.stamp" 2>/dev/null)" = "$stamp" ] &&
        buildah "${options[@]}" inspect --type image "localhost/$name" >/dev/null 2>&1; then
        echo "localhost/$name is up to date."
        return
    fi
    apt_setup "$(dirname "$images")/apt"
    apt_update "$refresh"
    packages=("${@%/new}")
    release=$(. /etc/os-release && echo "$VERSION_CODENAME")
    target=$release
    # From backports with what it depends on, where the release has such (see lib/apt.sh).
    [[ $* != */new* ]] || target=${APT_BACKPORTS:-$release}
    work=$(mktemp -d "$images/base.XXXXXX")
    # shellcheck disable=SC2016  # $1 is mmdebstrap's.
    TMPDIR=$work mmdebstrap --quiet --mode=root --variant=essential --include="$(IFS=, && echo "${packages[*]}")" \
        --aptopt='APT::Install-Recommends "false"' --aptopt='Acquire::Retries "3"' \
        --aptopt="APT::Default-Release \"$target\"" --dpkgopt='path-exclude=/usr/share/man/*' --dpkgopt='path-exclude=/usr/share/doc/*' \
        --dpkgopt='path-exclude=/usr/share/locale/*' \
        --customize-hook='chroot "$1" sh -s <'"'$here/strip.sh'" --customize-hook="$hook" \
        "$release" "$work/root.tar" "$APT_DIR/parts/debian.sources" >&2
    printf 'FROM scratch\nADD root.tar /\n' >"$work/Dockerfile"
    buildah "${options[@]}" build "${policy[@]}" --quiet --isolation chroot --tag "localhost/$name" "$work" >/dev/null
    rm -rf "$work"
    echo "$stamp" >"$images/$name.stamp"
    echo "Made localhost/$name."
}

# image TARGET NAME: builds one and writes its archive.
image() {
    local target=$1 name=$2
    buildah "${options[@]}" build "${policy[@]}" --quiet --isolation chroot --pull-never --layers="$layers" --target "$target" \
        "${arguments[@]}" --tag "localhost/$name:dev" "$repo" >/dev/null
    rm -f "$images/$name.tar.new"
    buildah "${options[@]}" push "${policy[@]}" --quiet "localhost/$name:dev" \
        "docker-archive:$images/$name.tar.new:localhost/$name:dev"
    mv "$images/$name.tar.new" "$images/$name.tar"
    echo "$images/$name.tar: $(du -h "$images/$name.tar" | cut -f1)."
}

# Only the compiled stage is worth keeping as a layer: the other images take it from the first.
layers=false
[ -z "$from_source" ] || layers=true
arguments=(--build-arg BASE=localhost/templating-base --build-arg NODE_BASE=localhost/templating-node-base)
base templating-base true ca-certificates libstdc++6
base templating-node-base true ca-certificates libstdc++6 util-linux passt erofs-utils qemu-system-x86/new
if [ -n "$from_source" ]; then
    # The SDK is not a package. The host's authorities too: its mirror of NuGet may be one only they vouch for.
    sdk=$(dirname "$(readlink -f "$(command -v dotnet)")")
    base templating-sdk "mkdir -p \"\$1/usr/share\" && cp -a '$sdk' \"\$1/usr/share/dotnet\" &&
        ln -sf ../share/dotnet/dotnet \"\$1/usr/bin/dotnet\" && cp /etc/ssl/certs/ca-certificates.crt \"\$1/etc/ssl/certs/\"" \
        ca-certificates libstdc++6 gcc libc6-dev zlib1g-dev
    # BINARIES has that value already, but this buildah finds a stage's name in an argument only when it is given.
    arguments+=(--build-arg SDK=localhost/templating-sdk --build-arg BINARIES=compiled)
    made_of=$(cd "$repo" && find src protos global.json Directory.*.props -type f -print0 | sort -z | xargs -0 cat | digest)
else
    "$repo/eng/publish.sh" --all
    arguments+=(--build-arg BINARIES=published)
    made_of=$(digest "$repo"/artifacts/publish{,-shim,-operator,-kubectl}/sources.sha256)
fi

stamp="$made_of $from_source $(digest "$repo/Dockerfile" "$repo/.dockerignore" "$images"/*.stamp)"
if [ -z "$refresh" ] && [ -s "$images/templating.tar" ] && [ -s "$images/templating-operator.tar" ] && [ -s "$images/kubectl-templating.tar" ] &&
    [ "$(cat "$images/made-of" 2>/dev/null)" = "$stamp" ]; then
    echo "The images are up to date."
    exit 0
fi
rm -f "$images/made-of"
image templating templating
image operator templating-operator
image kubectl-templating kubectl-templating
# Of each build before, a nameless copy is left.
buildah "${options[@]}" rmi --prune >/dev/null 2>&1 || true
echo "$stamp" >"$images/made-of"
