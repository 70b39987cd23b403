#!/usr/bin/env bash
# Makes what a Kubernetes 1.20 cluster on this machine runs (docs/kubernetes/local-cluster.md), from Debian's packages alone:
#
#   .cache/kube/bin/      etcd, etcdctl, kubectl (if the host has none), kube-apiserver, kube-controller-manager,
#                         kube-scheduler, kubelet, pause
#   .cache/kube/root/     containerd, runc, CNI plugins and what they need, unpacked
#   .cache/kube/images/   pause.tar (localhost/pause:1), busybox.tar (localhost/busybox:1)
#
#   build.sh [--refresh] [--node-only]
#
#   --refresh     look for newer packages, too; without it, what was built is kept until the recipe changes
#   --node-only   all but what is compiled from Kubernetes' sources
#
# The compilation takes 6 to 8 minutes on 2 cores and 3 GB of disk, which it gives back; interrupted, it goes on where it
# was. It is left out where KUBEBUILDER_ASSETS names a folder that has all the binaries, as version 1.20.
set -Eeuo pipefail
trap 'echo "${BASH_SOURCE[0]}: line $LINENO: $BASH_COMMAND" >&2' ERR
export LC_ALL=C TZ=UTC
umask 022
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
# shellcheck source=SCRIPTDIR/../lib/apt.sh
. "$here/../lib/apt.sh"
# shellcheck source=SCRIPTDIR/lib.sh
. "$here/lib.sh"

refresh=
node_only=
while [ $# -gt 0 ]; do
    case $1 in
        --refresh) refresh=--again ;;
        --node-only) node_only=1 ;;
        *) kube_fail "Found option $1, expected --refresh or --node-only." ;;
    esac
    shift
done

"$here/install.sh"
home=$KUBE_CACHE
scratch=$home/scratch
mkdir -p "$home"/{bin,images,stamps}
exec 9>"$home/build.lock"
flock 9

# Raise a number when a step below changes what it makes.
readonly recipe_kubernetes=1
readonly recipe_node=1
readonly kubernetes_version=1.20.2
readonly commands=(kube-apiserver kube-controller-manager kube-scheduler kubelet)
readonly node_packages=(containerd runc containernetworking-plugins libseccomp2 busybox-static etcd-server etcd-client)

# Beside the host's own release, always Debian 12's: the last one whose Kubernetes is 1.20.
packages_ready=
prepare_packages() {
    [ -z "$packages_ready" ] || return 0
    packages_ready=1
    local keyring=/usr/share/keyrings/debian-archive-keyring.gpg sources
    [ -e "$keyring" ] || keyring=/usr/share/keyrings/debian-archive-keyring.pgp
    apt_setup "$home/apt"
    # On Debian 12 the binary packages are in that list already.
    local types="deb deb-src" targets="Packages Sources"
    if grep -q '^Suites: bookworm ' "$home/apt/parts/debian.sources"; then
        types=deb-src
        targets=Sources
    fi
    sources="Types: $types
URIs: $(apt_mirror debian)
Suites: bookworm
Components: main
Targets: $targets
Signed-By: $keyring

Types: $types
URIs: $(apt_mirror debian-security)
Suites: bookworm-security
Components: main
Targets: $targets
Signed-By: $keyring"
    if [ "$(cat "$home/apt/parts/kubernetes.sources" 2>/dev/null)" != "$sources" ]; then
        printf '%s\n' "$sources" >"$home/apt/parts/kubernetes.sources"
        rm -f "$home/apt/updated"
    fi
    apt_update "$refresh"
}

up_to_date() {
    [ -z "$refresh" ] && [ "$(head -n 1 "$home/stamps/$1" 2>/dev/null)" = "$2" ] || return 1
    shift 2
    local file
    for file in "$@"; do
        [ -s "$home/$file" ] || return 1
    done
}

build_node() {
    local recipe files=(bin/etcd bin/etcdctl bin/pause root/usr/bin/containerd root/usr/sbin/runc root/usr/lib/cni/bridge
        images/pause.tar images/busybox.tar) packages root work
    recipe="recipe $recipe_node $(cat "$here/pause.c" "$here/make-image.sh" | sha256sum | cut -d' ' -f1)"
    if up_to_date node "$recipe" "${files[@]}"; then
        echo "Node programs are up to date."
        return
    fi
    prepare_packages
    rm -f "$home/stamps/node"
    packages=("${node_packages[@]}")
    command -v kubectl >/dev/null || packages+=(kubernetes-client)
    mapfile -t packages < <(apt_version "${packages[@]}")
    root=$home/root.new
    rm -rf "$root"
    mkdir -p "$root"
    apt_unpack "$root" "${packages[@]}"
    # In place of the old one at once: a cluster may be running from it.
    rm -rf "$home/root.old"
    [ ! -e "$home/root" ] || mv "$home/root" "$home/root.old"
    mv "$root" "$home/root"
    rm -rf "$home/root.old"
    local name
    for name in etcd etcdctl kubectl; do
        [ -e "$home/root/usr/bin/$name" ] || continue
        cp "$home/root/usr/bin/$name" "$home/bin/$name.new"
        mv "$home/bin/$name.new" "$home/bin/$name"
    done
    gcc -std=gnu11 -Os -static -Wall -Wextra -Werror -s -o "$home/bin/pause.new" "$here/pause.c"
    mv "$home/bin/pause.new" "$home/bin/pause"

    work=$(mktemp -d)
    mkdir -p "$work"/pause "$work"/busybox/{bin,etc,tmp,root,proc,sys,dev,run}
    cp "$home/bin/pause" "$work/pause/"
    "$here/make-image.sh" localhost/pause:1 "$work/pause" "$home/images/pause.tar" '{"Entrypoint":["/pause"]}'
    cp "$home/root/bin/busybox" "$work/busybox/bin/" 2>/dev/null || cp "$home/root/usr/bin/busybox" "$work/busybox/bin/"
    "$work/busybox/bin/busybox" --list | grep -vx busybox | while read -r name; do
        ln -s busybox "$work/busybox/bin/$name"
    done
    printf 'root:x:0:0:root:/root:/bin/sh\nnobody:x:65534:65534:nobody:/:/bin/sh\n' >"$work/busybox/etc/passwd"
    printf 'root:x:0:\nnogroup:x:65534:\n' >"$work/busybox/etc/group"
    chmod 1777 "$work/busybox/tmp"
    "$here/make-image.sh" localhost/busybox:1 "$work/busybox" "$home/images/busybox.tar" \
        '{"Env":["PATH=/bin"],"Cmd":["/bin/sh"]}'
    rm -rf "$work"
    printf '%s\n' "$recipe" "${packages[@]}" >"$home/stamps/node"
    echo "Node programs: ${packages[*]}."
}

# Runs one of the steps below, unless an interrupted run of the same recipe had it finished.
stage() {
    [ ! -e "$scratch/done.$1" ] || return 0
    echo "Kubernetes: $1"
    "stage_$1"
    touch "$scratch/done.$1"
}

stage_unpack() {
    local tools
    mapfile -t tools < <(apt_version golang-1.19-go golang-1.19-src golang-github-modern-go-reflect2-dev)
    rm -rf "$scratch/tools" "$tree"
    mkdir -p "$scratch/tools" "$scratch/source" "$tree"
    apt_unpack "$scratch/tools" "${tools[@]}"
    (cd "$scratch/source" && apt_retry apt-get "${APT_OPTIONS[@]}" source --download-only "kubernetes=$source_version" >&2) ||
        apt_fail "Could not fetch Debian's source package kubernetes $source_version."
    tar -xzf "$scratch/source"/kubernetes_*.orig.tar.gz --strip-components=1 -C "$tree"
    # The vendored reflect2 1.0.1 reads into the runtime's insides, which Go 1.18 changed.
    rm -rf "$tree/vendor/github.com/modern-go/reflect2"
    cp -r "$scratch/tools/usr/share/gocode/src/github.com/modern-go/reflect2" "$tree/vendor/github.com/modern-go/"
}

# The tree lacks one generated file: the OpenAPI definitions of the built-in types.
stage_definitions() {
    local inputs
    inputs=$(cd "$tree" && grep -rl --include='*.go' '^// *+k8s:openapi-gen=' staging/src/k8s.io | xargs -n1 dirname | sort -u |
        grep -v -e code-generator -e sample-apiserver | sed 's#^staging/src/#k8s.io/kubernetes/vendor/#' | paste -sd,)
    (
        cd "$tree"
        nice go build -p 2 -o "$scratch/openapi-gen" k8s.io/kubernetes/vendor/k8s.io/kube-openapi/cmd/openapi-gen
        "$scratch/openapi-gen" --logtostderr -i "$inputs" -p k8s.io/kubernetes/pkg/generated/openapi \
            -O zz_generated.openapi -h vendor/k8s.io/code-generator/hack/boilerplate.go.txt -r "$scratch/violations"
    )
}

stage_compile() {
    local flags="-s -w" package
    for package in component-base/version client-go/pkg/version; do
        package=k8s.io/kubernetes/vendor/k8s.io/$package
        flags+=" -X $package.gitMajor=1 -X $package.gitMinor=20 -X $package.gitVersion=v$kubernetes_version"
    done
    mkdir -p "$scratch/bin"
    (cd "$tree" && nice go build -p 2 -trimpath -ldflags "$flags" -o "$scratch/bin/" \
        "${commands[@]/#/k8s.io/kubernetes/cmd/}")
}

build_kubernetes() {
    local recipe="recipe $recipe_kubernetes $kubernetes_version" version name
    if [ -n "${KUBEBUILDER_ASSETS:-}" ] && kube_assets_complete "${commands[@]}"; then
        echo "KUBEBUILDER_ASSETS has Kubernetes 1.20."
        return
    fi
    if up_to_date kubernetes "$recipe" "${commands[@]/#/bin/}"; then
        echo "Kubernetes is up to date."
        return
    fi
    prepare_packages
    version=$(apt-cache "${APT_OPTIONS[@]}" showsrc kubernetes | sed -n 's/^Version: \(1\.20\..*\)/\1/p' | sort -V | tail -n 1)
    [ -n "$version" ] || kube_fail "Debian's package indexes have no source package kubernetes 1.20."
    # What an interrupted run left is of use only if it was of the same recipe.
    if [ "$(cat "$scratch/recipe" 2>/dev/null)" != "$recipe $version" ]; then
        rm -rf "$scratch"
        mkdir -p "$scratch"
        echo "$recipe $version" >"$scratch/recipe"
    fi
    rm -f "$home/stamps/kubernetes"
    tree=$scratch/go/src/k8s.io/kubernetes
    unset GOFLAGS
    export GOROOT=$scratch/tools/usr/lib/go-1.19 GOPATH=$scratch/go GOCACHE=$scratch/gocache GO111MODULE=off
    export GOTOOLCHAIN=local GOENV=off GOPROXY=off CGO_ENABLED=0 PATH=$scratch/tools/usr/lib/go-1.19/bin:$PATH
    source_version=$version
    stage unpack
    stage definitions
    stage compile
    for name in "${commands[@]}"; do
        mv "$scratch/bin/$name" "$home/bin/$name"
    done
    printf '%s\n' "$recipe" "kubernetes=$version" >"$home/stamps/kubernetes"
    rm -rf "$scratch"
    echo "Kubernetes: ${commands[*]} of $version."
}

build_node
[ -n "$node_only" ] || build_kubernetes
# Both are unpacked now; the compiler's packages alone are 100 MB.
rm -rf "$home/apt/archives"
