#!/usr/bin/env bash
# Measures templating in Kubernetes (docs/kubernetes/benchmarks.md). Installs what is missing (as root) and builds what is
# not there; prints tables and writes all samples as JSON into artifacts/bench/.
#   eng/bench-kubernetes.sh                            all, in this order
#   eng/bench-kubernetes.sh --life [ROUNDS]            VMClones beside plain pods on a real cluster of two nodes; 10 rounds
#   eng/bench-kubernetes.sh --pods [ROUNDS]            pods of the RuntimeClass beside runc's, on a real cluster of one node; 10 rounds
#   eng/bench-kubernetes.sh --scale [CLONES] [NODES]   VMClones over simulated nodes; 1000 and then 5000, over 100
#       --out FILE       instead of artifacts/bench/kubernetes-TIME-{life,pods,scale}.json; for one of them
#       --keep FOLDER    logs of the operator and of the API server under --scale
#       --check          exit with 1 when a target is missed
# A Ctrl-C leaves nothing running.
set -Eeuo pipefail
trap 'echo "${BASH_SOURCE[0]}: line $LINENO: $BASH_COMMAND" >&2' ERR
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
root=$(dirname "$here")
time=$(date -u +%Y%m%dT%H%M%SZ)
life='' pods='' scale='' rounds=10 pod_rounds=10 clones=() nodes=100 out='' arguments=() scale_arguments=()

number() { [[ ${1:-} =~ ^[0-9]+$ ]]; }
while [ $# -gt 0 ]; do
    case $1 in
        --life)
            life=1
            if number "${2:-}"; then rounds=$2; shift; fi
            ;;
        --pods)
            pods=1
            if number "${2:-}"; then pod_rounds=$2; shift; fi
            ;;
        --scale)
            scale=1
            if number "${2:-}"; then clones=("$2"); shift; fi
            if number "${2:-}"; then nodes=$2; shift; fi
            ;;
        --out)
            out=$(realpath -m "${2:?--out needs a file}")
            shift
            ;;
        --keep)
            scale_arguments+=(--keep "$(realpath -m "${2:?--keep needs a folder}")")
            shift
            ;;
        --check) arguments+=("$1") ;;
        -h | --help)
            sed -n '2,/^set/s/^# \{0,1\}//p' "${BASH_SOURCE[0]}"
            exit 0
            ;;
        *)
            echo "$1 is unknown; eng/bench-kubernetes.sh --help lists what there is." >&2
            exit 2
            ;;
    esac
    shift
done
[ -n "$life$pods$scale" ] || { life=1; pods=1; scale=1; }
[ ${#clones[@]} -gt 0 ] || clones=(1000 5000)
[ "$(id -u)" = 0 ] || { echo "Run this as root: the cluster's namespaces and cgroups need it." >&2; exit 2; }
# Everything that is called is on this machine.
export NO_PROXY='*' no_proxy='*'

"$here/install.sh" >&2
"$here/kube/build.sh" >&2
dotnet build "$root/bench/Templating.ClusterBenchmarks" -c Release -v q -p:RunAnalyzers=false -o "$root/artifacts/bench/cluster" >&2
benchmarks=(dotnet "$root/artifacts/bench/cluster/templating-cluster-benchmarks.dll")

dir='' child=''
# A benchmark that was told to end cleans up first.
# shellcheck disable=SC2317  # Called by the trap.
finish() {
    code=$?
    trap - EXIT INT TERM
    if [ -n "$child" ]; then
        kill -TERM "$child" 2>/dev/null || true
        wait "$child" || true
    fi
    if [ -n "$dir" ]; then
        "$here/kube/down.sh" "$dir" >&2 || true
        rm -rf "$dir"
    fi
    exit "$code"
}
trap finish EXIT
trap 'exit 130' INT
trap 'exit 143' TERM
# In the background, so that a signal comes through at once.
measure() {
    "$@" ${arguments[@]+"${arguments[@]}"} &
    child=$!
    local code=0
    wait "$child" || code=$?
    child=
    return "$code"
}

cluster_up() {
    dir=$(mktemp -d /tmp/templating-bench.XXXXXX)
    "$here/kube/up.sh" --nodes "$1" "$dir" >&2
}
cluster_down() {
    "$here/kube/down.sh" "$dir" >&2
    rm -rf "$dir"
    dir=
}

missed=0
if [ -n "$life$pods" ]; then
    "$here/guest/build.sh" >&2
    "$here/publish.sh" --all >&2
    "$here/images/build.sh" >&2
fi
if [ -n "$life" ]; then
    cluster_up 2
    "$here/kube/deploy.sh" "$dir" >&2
    measure "$here/kube/in.sh" "$dir" "${benchmarks[@]}" life --kubeconfig "$dir/kubeconfig" --rounds "$rounds" \
        --out "${out:-$root/artifacts/bench/kubernetes-$time-life.json}" || missed=$?
    cluster_down
    [ "$missed" -le 1 ] || exit "$missed"
fi
if [ -n "$pods" ]; then
    cluster_up 1
    # As many as are asked for at once fit beside each other, also on few cores.
    "$here/kube/deploy.sh" --runtime-class "$dir" --set runtimeClass.overhead.cpu=10m >&2
    "$here/kube/debian-image.sh" "$dir/web.tar"
    "$here/kube/load-image.sh" "$dir" "$dir/web.tar" >&2
    measure "$here/kube/in.sh" "$dir" "${benchmarks[@]}" pods --kubeconfig "$dir/kubeconfig" --cluster "$dir" --rounds "$pod_rounds" \
        --out "${out:-$root/artifacts/bench/kubernetes-$time-pods.json}" || missed=$?
    cluster_down
    [ "$missed" -le 1 ] || exit "$missed"
fi
if [ -n "$scale" ]; then
    dotnet publish "$root/src/Templating.Operator" -c Release -r linux-x64 -v q -p:RunAnalyzers=false -o "$root/artifacts/bench/operator" >&2
    measure "${benchmarks[@]}" scale --nodes "$nodes" "${clones[@]/#/--clones=}" ${scale_arguments[@]+"${scale_arguments[@]}"} \
        --kube "$here/kube" --chart-install "$here/chart/install.sh" --operator "$root/artifacts/bench/operator/templating-operator" \
        --out "${out:-$root/artifacts/bench/kubernetes-$time-scale.json}" || missed=$?
fi
exit "$missed"
