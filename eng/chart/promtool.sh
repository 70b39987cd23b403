#!/usr/bin/env bash
# Fetches promtool, once, out of Debian's package prometheus, and prints where it is: CACHE/prometheus/promtool (CACHE:
# TEMPLATING_CACHE, or .cache). Nothing is installed, and no Prometheus starts.
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
# shellcheck source=SCRIPTDIR/../lib/apt.sh
. "$here/../lib/apt.sh"

cache=${TEMPLATING_CACHE:-$here/../../.cache}
mkdir -p "$cache/prometheus"
cache=$(cd "$cache" && pwd)
out=$cache/prometheus/promtool
if [ -x "$out" ]; then
    echo "$out"
    exit 0
fi
exec 9>"$cache/prometheus/fetch.lock"
flock -w 600 9 || apt_fail "Another eng/chart/promtool.sh did not end within ten minutes."
work=$(mktemp -d "$cache/prometheus/fetch.XXXXXX")
trap 'rm -rf "$work"' EXIT
apt_setup "$cache/apt"
apt_update ""
mapfile -t versions < <(apt_version prometheus)
apt_unpack "$work" "${versions[@]}"
mv "$work/usr/bin/promtool" "$out"
echo "$out"
