#!/usr/bin/env bash
# Publishes executables to artifacts/, unless those there are made from these sources.
#
#   publish.sh [--all]
#
#   artifacts/publish/templating                       node daemon, VM pods and CLI, NativeAOT
#   artifacts/publish-shim/containerd-shim-templating-v2
#                                                      with --all: the shim of containerd, NativeAOT
#   artifacts/publish-operator/templating-operator     with --all: the operator, NativeAOT
#   artifacts/publish-kubectl/kubectl-templating       with --all: the kubectl plugin, with the .NET runtime it needs
set -euo pipefail
repo=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
cd "$repo"
all=
case ${1:-} in
    "") ;;
    --all) all=1 ;;
    *)
        echo "Found option $1, expected --all." >&2
        exit 2
        ;;
esac

# publish NOT PROJECT EXECUTABLE OUT ARGUMENT...; what matches the pattern NOT is none of its sources.
publish() {
    local not=$1 project=$2 executable=$3 out=$4 sources
    shift 4
    # The compiler alone takes more than a minute; MSBuild's own up-to-date check does not cover it.
    sources=$(find src protos Directory.Build.props Directory.Packages.props global.json \
        -type f ! -path '*/bin/*' ! -path '*/obj/*' ! -path "$not" -print0 | sort -z | xargs -0 sha256sum | sha256sum |
        cut -d' ' -f1)
    if [ -x "$out/$executable" ] && [ "$(cat "$out/sources.sha256" 2>/dev/null)" = "$sources" ]; then
        echo "$out/$executable is up to date."
        return
    fi
    rm -rf "$out"
    # The analyzers have their say in the build of the solution; they take longer than the compiler.
    dotnet publish "$project" -c Release -r linux-x64 -p:RunAnalyzers=false "$@" -o "$out" --nologo -v quiet
    echo "$sources" >"$out/sources.sha256"
    echo "$out: $(du -sh "$out" | cut -f1)."
}

publish 'src/Templating.[KOPS]*/*' src/Templating.Node templating artifacts/publish
if [ -n "$all" ]; then
    publish 'src/Templating.[KNPQT]*/*' src/Templating.Shim containerd-shim-templating-v2 artifacts/publish-shim
    publish 'src/Templating.[NS]*/*' src/Templating.Operator templating-operator artifacts/publish-operator
    publish 'src/Templating.[NOS]*/*' src/Templating.Kubectl kubectl-templating artifacts/publish-kubectl \
        --self-contained -p:PublishSingleFile=true
fi
