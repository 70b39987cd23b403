#!/usr/bin/env bash
# Measures templating side by side with bare QEMU and others, in one run (docs/benchmarks.md). Installs what is missing (as root),
# builds the guest image, publishes the NativeAOT executable (publish.sh), prints a table, writes all samples as JSON and a page
# with plots beside it.
#   eng/bench.sh [--OPTION N]... [--out FILE.json] [--check]     numbers: rounds, boots, starts, clones, storms, storm-clones,
#                                                                memories, memory-clones, windows
#   eng/bench.sh --density[=PERCENT] [--out FILE.json] [--check] as many clones as that share of the memory holds (80)
# With --check it exits with 1 when a target is missed. A Ctrl-C leaves nothing running.
set -Eeuo pipefail
trap 'echo "${BASH_SOURCE[0]}: line $LINENO: $BASH_COMMAND" >&2' ERR
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
root=$(dirname "$here")
out=$root/artifacts/bench/$(date -u +%Y%m%dT%H%M%SZ).json
arguments=()

while [ $# -gt 0 ]; do
    case $1 in
        --rounds | --boots | --starts | --clones | --storms | --storm-clones | --memories | --memory-clones | --windows)
            arguments+=("$1" "${2:?$1 needs a number}")
            shift 2
            ;;
        --density)
            arguments+=(--density 80)
            shift
            ;;
        --density=*)
            arguments+=(--density "${1#*=}")
            shift
            ;;
        --out)
            out=$(realpath -m "${2:?--out needs a file}")
            shift 2
            ;;
        --check)
            arguments+=("$1")
            shift
            ;;
        -h | --help)
            sed -n '2,8s/^# \{0,1\}//p' "${BASH_SOURCE[0]}"
            exit 0
            ;;
        *)
            echo "$1 is unknown; eng/bench.sh --help lists what there is." >&2
            exit 2
            ;;
    esac
done

"$here/install.sh" >&2
"$here/guest/build.sh" >&2
# The bare driver needs more of Python than python3-minimal has.
python3 -c 'import json' || { echo "python3 without its json module: install the package python3." >&2; exit 1; }

"$here/publish.sh" >&2
dotnet build "$root/bench/Templating.Benchmarks" -c Release -v q -p:RunAnalyzers=false -o "$root/artifacts/bench/run" >&2

cache=${TEMPLATING_CACHE:-$root/.cache}
# In place of this shell, so that a Ctrl-C or a SIGTERM has one receiver that cleans up.
exec dotnet "$root/artifacts/bench/run/templating-benchmarks.dll" \
    --executable "$root/artifacts/publish/templating" --guest "$cache/guest" \
    --driver "$root/bench/bare_driver.py" --out "$out" ${arguments[@]+"${arguments[@]}"}
