#!/usr/bin/env bash
# Builds the chart's renderer with Debian's Go and its packaged libraries; nothing is installed, and nothing comes from
# elsewhere. What it makes, and where: CACHE/chart/chart-render (CACHE: TEMPLATING_CACHE, or .cache).
#
#   eng/chart/build.sh [--refresh]    prints the renderer's path; --refresh fetches the package indexes anew
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
# shellcheck source=SCRIPTDIR/../lib/apt.sh
. "$here/../lib/apt.sh"

cache=${TEMPLATING_CACHE:-$here/../../.cache}
mkdir -p "$cache/chart"
cache=$(cd "$cache" && pwd)
work=$cache/chart
out=$work/chart-render

# Two at once (two tests, say) must not unpack over each other.
exec 9>"$work/build.lock"
flock -w 600 9 || apt_fail "Another eng/chart/build.sh did not end within ten minutes."

sources=$(cat "${BASH_SOURCE[0]}" "$here"/render/*.go | sha256sum | cut -d' ' -f1)
if [ "${1:-}" != --refresh ] && [ -x "$out" ] && [ "$(cat "$work/sources.sha256" 2>/dev/null)" = "$sources" ]; then
    echo "$out"
    exit 0
fi

apt_setup "$cache/apt"
if [ "${1:-}" = --refresh ]; then apt_update --again; else apt_update; fi

# What a Go library is built from are the -dev packages it depends on, and theirs.
closure() {
    local seen=" " queue=("$@") name candidate
    while [ ${#queue[@]} -gt 0 ]; do
        name=${queue[0]}
        queue=("${queue[@]:1}")
        case $seen in *" $name "*) continue ;; esac
        # A virtual name, such as an older one of a library, is not a package; the new one is named beside it.
        candidate=$(apt-cache "${APT_OPTIONS[@]}" policy "$name" | sed -n 's/^  Candidate: //p')
        case $candidate in "" | "(none)") continue ;; esac
        seen+="$name "
        echo "$name"
        mapfile -t -O ${#queue[@]} queue < <(apt_depends "$name" | grep '^golang-.*-dev$')
    done
}

go=$(apt_depends "$(apt_version golang-go)" | grep -E '^golang-[0-9.]+-go$')
mapfile -t packages < <(
    echo "$go"
    echo "${go%-go}-src"
    closure golang-github-masterminds-sprig-dev golang-github-xeipuuv-gojsonschema-dev golang-k8s-sigs-yaml-dev
)
mapfile -t versions < <(apt_version "${packages[@]}")
root=$work/root
rm -rf "$root" "$work/gocache"
mkdir -p "$root"
apt_unpack "$root" "${versions[@]}"

# GOPATH mode: the packaged libraries have no modules' proxy behind them.
(
    cd "$here/render"
    export GOPATH=$root/usr/share/gocode GO111MODULE=off GOFLAGS=-buildvcs=false
    GOROOT=$root/usr/lib/$(sed -E 's/^golang-(.*)-go$/go-\1/' <<<"$go")
    export GOROOT GOCACHE=$work/gocache CGO_ENABLED=0
    "$GOROOT/bin/go" vet . >&2
    "$GOROOT/bin/go" build -trimpath -ldflags '-s -w' -o "$out.new" . >&2
)
mv "$out.new" "$out"
# Half a gigabyte that nobody needs until the renderer changes; the packages themselves stay.
rm -rf "$root" "$work/gocache"
echo "$sources" >"$work/sources.sha256"
echo "$out"
