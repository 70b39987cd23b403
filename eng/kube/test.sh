#!/usr/bin/env bash
# Runs tests/Templating.ClusterTests on a real cluster.
#
#   eng/kube/test.sh [OPTION OF dotnet test...]             on a cluster of its own, made and removed
#   eng/kube/test.sh --use-kubeconfig [OPTION...]           on the cluster of $KUBECONFIG, where the chart is installed;
#                                                           tests that break parts of a cluster do not run there
#
# Needs what eng/publish.sh, eng/guest/build.sh, eng/kube/build.sh and eng/images/build.sh make, and the tests built in
# Release. See eng/lib/tests.sh for what becomes of a test that failed.
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
repo=$(cd "$here/../.." && pwd)
results=${TEMPLATING_RESULTS:-$repo/artifacts/test-results}
own=1
if [ "${1:-}" = --use-kubeconfig ]; then
    : "${KUBECONFIG:?--use-kubeconfig needs KUBECONFIG}"
    own=
    shift
fi

dir=
# shellcheck disable=SC2317  # Called by the trap.
finish() {
    code=$?
    trap - EXIT
    if [ -n "$dir" ]; then
        mkdir -p "$results/cluster-logs"
        cp "$dir"/log/* "$results/cluster-logs/" 2>/dev/null || true
        "$here/down.sh" "$dir"
        rm -rf "$dir"
    fi
    exit "$code"
}

in=()
filter='Cluster!=local'
if [ -n "$own" ]; then
    trap finish EXIT
    trap 'exit 130' INT TERM
    dir=$(mktemp -d /tmp/templating-kube.XXXXXX)
    "$here/up.sh" "$dir"
    "$here/deploy.sh" --runtime-class "$dir"
    in=("$here/in.sh" "$dir")
    filter='Order!=last'
    export TEMPLATING_CLUSTER=$dir
fi
# kubectl finds its plugins in PATH.
export TEMPLATING_KUBE_SCRIPTS=$here PATH=$repo/artifacts/publish-kubectl:$PATH

# shellcheck source=SCRIPTDIR/../lib/tests.sh
. "$here/../lib/tests.sh"
# shellcheck disable=SC2016  # For the inner shell to expand.
# In the cluster's network, where pods' addresses lead somewhere.
tests_once() { ${in[@]+"${in[@]}"} bash -c '. "$1"; shift; tests_once "$@"' tests "$here/../lib/tests.sh" "$@"; }
mkdir -p "$results"
tests=$repo/tests/Templating.ClusterTests

code=0
tests_run "$results" cluster "$tests" --filter "$filter" "$@" || code=$?
if [ -n "$own" ]; then
    tests_run "$results" cluster-last "$tests" --filter Order=last "$@" || code=$?
fi
exit "$code"
