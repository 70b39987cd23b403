#!/usr/bin/env bash
# Publishes the NativeAOT executable `templating` to artifacts/publish/, unless the one there is made from these sources.
set -euo pipefail
repo=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
cd "$repo"
out=artifacts/publish

# The compiler alone takes more than a minute; MSBuild's own up-to-date check does not cover it.
sources=$(find src protos Directory.Build.props Directory.Packages.props global.json \
    -type f ! -path '*/bin/*' ! -path '*/obj/*' -print0 | sort -z | xargs -0 sha256sum | sha256sum | cut -d' ' -f1)
if [ -x "$out/templating" ] && [ "$(cat "$out/sources.sha256" 2>/dev/null)" = "$sources" ]; then
    echo "$out/templating is up to date."
    exit 0
fi

rm -f "$out/sources.sha256"
dotnet publish src/Templating.Node -c Release -r linux-x64 -o "$out" --nologo -v quiet
echo "$sources" >"$out/sources.sha256"
echo "$out/templating: $(stat -c %s "$out/templating") bytes."
