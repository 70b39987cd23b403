#!/usr/bin/env bash
# Mutation testing: makes small wrong changes in the sources (tests/Templating.Mutation) and says which of them no unit test
# notices. All are compiled at once, each behind a switch; of the tests only those run that reach the changed place.
#
#   eng/mutate.sh [--resume] [FOLDER...]     folders or files below the repository; what docs/mutation.md judges where none is given
#
# Takes an hour or more for all, so CI does not. Ends with the survivors (artifacts/mutate/survivors.txt) and the share that was noticed.
# --resume goes on with a run that was broken off. A survivor gets a test, or a line with its reason in docs/mutation.md.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
export DOTNET_CLI_TELEMETRY_OPTOUT=1 DOTNET_NOLOGO=1 MSBUILDDISABLENODEREUSE=1
work=$PWD/artifacts/mutate
tree=$work/tree
resume=false
[ "${1:-}" != --resume ] || { resume=true && shift; }
folders=("$@")
[ ${#folders[@]} -gt 0 ] || folders=(src/Templating.Core/{Capacity,Clones,Vms,Requests,Store,Templates,Names} src/Templating.Qemu/{GuestAgent,Qmp,Console,Base}
    src/Templating.Node/{Authorization,Mapping})

dotnet build tests/Templating.Mutation -c Release -v q -p:RunAnalyzers=false
tool=(dotnet artifacts/bin/Templating.Mutation/release/Templating.Mutation.dll)
tests=$tree/artifacts/bin/Templating.UnitTests/debug/Templating.UnitTests.dll
if ! $resume; then
    rm -rf "$work"
    mkdir -p "$tree"
    git ls-files --cached --others --exclude-standard -z | tar -c --null -T - | tar -x -C "$tree"
    dotnet restore "$tree/tests/Templating.UnitTests" -v q
    # Some changes do not compile; they are left out, and it is tried again.
    for _ in 1 2 3 4 5 6; do
        "${tool[@]}" rewrite "$PWD" "$tree" "$work" "${folders[@]}"
        if dotnet build "$tree/tests/Templating.UnitTests" --no-restore -v q -nologo -p:RunAnalyzers=false -p:TreatWarningsAsErrors=false -p:WarningLevel=0 >"$work/build.log" 2>&1; then
            break
        fi
        "${tool[@]}" exclude "$tree" "$work" || { tail -n 20 "$work/build.log" >&2 && exit 1; }
    done
fi

# Where a mutant hangs or crashes (SIGABRT, SIGSEGV) it counts as noticed, and the run goes on in a new process. Any other end is
# none of its own.
crashed=()
while code=0 && { "${tool[@]}" run "$tests" "$work" "${crashed[@]}" || code=$?; } && [ "$code" -ne 0 ]; do
    case $code in
        3) crashed=() ;;
        134 | 139) crashed=(--crashed) ;;
        *) exit "$code" ;;
    esac
done

awk -F'\t' '$2 == "survived" || $2 == "uncovered" { print $2 "\t" $3 "\t" $4 "\t" $5 }' "$work/results.tsv" | sort -t"$(printf '\t')" -k2,2V >"$work/survivors.txt"
cat "$work/survivors.txt"
awk -F'\t' '{ n++ } $2 == "noticed" || $2 == "hung" || $2 == "crashed" { k++ } END { printf "%d of %d noticed (%.1f %%)\n", k, n, n ? 100 * k / n : 0 }' "$work/results.tsv"
