#!/usr/bin/env bash
# Prints the chart's objects, as `helm template` would. Builds the renderer where that was not done yet.
#
#   eng/chart/render.sh [--namespace N] [--release NAME] [-f FILE]... [--set A=B]... [--kube-version 1.20.2] [--notes] ...
#
# All options: eng/chart/render.sh --help.
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
renderer=$("$here/build.sh")
exec "$renderer" --chart "$here/../../charts/templating" "$@"
