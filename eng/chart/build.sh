#!/usr/bin/env bash
# Lints the chart and packages it, by Helm; prints the package's path: artifacts/chart/templating-VERSION.tgz.
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
repo=$(cd "$here/../.." && pwd)
helm=$("$here/helm.sh")
out=$repo/artifacts/chart
mkdir -p "$out"
for values in "$repo"/charts/templating/ci/*-values.yaml; do
    # Warnings are errors: they are what the next Helm refuses.
    "$helm" lint --strict --quiet --values "$values" "$repo/charts/templating" >&2
done
told=$("$helm" package --destination "$out" "$repo/charts/templating")
echo "${told##*: }"
