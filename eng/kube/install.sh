#!/usr/bin/env bash
# Installs what eng/kube/ and eng/images/ need on a Debian 12 or 13 host beside what eng/install.sh brings. A line for each;
# when all is there it changes nothing and asks no mirror. Run as root when something is missing. What runs *in* the cluster
# (containerd, runc, CNI plugins, etcd) is not installed: build.sh unpacks it into the cache.
set -Eeuo pipefail
trap 'echo "${BASH_SOURCE[0]}: line $LINENO: $BASH_COMMAND" >&2' ERR
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
PATH=$PATH:/usr/sbin:/sbin

# What must be there and the package that brings it.
readonly needs=(
    "ip iproute2"
    "openssl openssl"
    "nsenter util-linux"
    "pivot_root util-linux"
    "flock util-linux"
    "curl curl"
    "jq jq"
    "gcc gcc"
    "buildah buildah"
    "mmdebstrap mmdebstrap"
)

missing=()
for need in "${needs[@]}"; do
    if command -v "${need% *}" >/dev/null; then
        echo "ok       ${need% *}"
    else
        echo "missing  ${need% *} (package ${need#* })"
        missing+=("${need#* }")
    fi
done

[ ${#missing[@]} -gt 0 ] || exit 0
if [ "$(id -u)" != 0 ]; then
    echo "Run this as root to install: ${missing[*]}" >&2
    exit 1
fi
# shellcheck source=SCRIPTDIR/../lib/apt.sh
. "$here/../lib/apt.sh"
cache=${TEMPLATING_CACHE:-$here/../../.cache}
mkdir -p "$cache"
apt_setup "$(cd "$cache" && pwd)/apt"
# Anew: a list of months ago names versions that the mirror has no more.
apt_update --again
apt_install "${missing[@]}"
echo "installed ${missing[*]}"
