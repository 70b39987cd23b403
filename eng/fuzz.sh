#!/usr/bin/env bash
# Fuzzes the parsers of bytes that others send (tests/Templating.Fuzz), guided by what each input reaches: their assemblies are
# rewritten with SharpFuzz, which counts branches as AFL does. First the corpus of each target, then inputs made of it.
#
#   eng/fuzz.sh [--seconds N] [--seed N] [TARGET...]     N seconds in all (60)
#
# Prints a line a target and "N passed, N failed". An input that breaks a parser is kept in artifacts/fuzz/; put it into the
# target's corpus together with the repair. One input again: dotnet artifacts/fuzz/bin/Templating.Fuzz.dll --input FILE TARGET
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
seconds=60
seed=$(date +%s)
targets=()
while [ $# -gt 0 ]; do
    case $1 in
        --seconds) seconds=$2 && shift 2 ;;
        --seed) seed=$2 && shift 2 ;;
        -*) echo "$0: unknown option $1" >&2 && exit 2 ;;
        *) targets+=("$1") && shift ;;
    esac
done

export DOTNET_CLI_TELEMETRY_OPTOUT=1 DOTNET_NOLOGO=1
out=artifacts/fuzz/bin
log=artifacts/fuzz/build.log
mkdir -p artifacts/fuzz
rm -rf "$out"
{
    dotnet tool restore
    dotnet build tests/Templating.Fuzz -c Release
    cp -r artifacts/bin/Templating.Fuzz/release "$out"
    for assembly in Templating.Contract Templating.Core Templating.Qemu Templating.Api Templating.OwnerPort templating; do
        dotnet sharpfuzz "$out/$assembly.dll"
    done
} >"$log" 2>&1 || { tail -n 40 "$log" >&2 && exit 1; }

exec dotnet "$out/Templating.Fuzz.dll" tests/Templating.Fuzz/corpus artifacts/fuzz "$seconds" "$seed" "${targets[@]}"
