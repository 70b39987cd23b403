#!/usr/bin/env bash
# Installs the chart in a cluster without helm, or upgrades what it installed before; again and again with the same effect.
#
#   eng/chart/install.sh --kubeconfig FILE [--namespace templating-system] [--release templating] [--set A=B]...
#                        [--set-string A=B]... [-f FILE]... [--wait SECONDS] [--uninstall]
#
#   --wait SECONDS   return when operator and daemons are ready; fails when they are not by then
#   --uninstall      takes away what the chart made; the resources' definitions stay, and with them all objects of theirs
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
usage() {
    sed -n '2,/^set/p' "${BASH_SOURCE[0]}" | sed -n 's/^# \{0,1\}//p' >&2
    exit 2
}

kubeconfig=${KUBECONFIG:-}
namespace=templating-system
release=templating
wait=
uninstall=
render=()
while [ $# -gt 0 ]; do
    case $1 in
        --uninstall)
            uninstall=yes
            shift
            continue
            ;;
        -h | --help) usage ;;
    esac
    [ $# -ge 2 ] || usage
    case $1 in
        --kubeconfig) kubeconfig=$2 ;;
        --namespace | -n) namespace=$2 ;;
        --release) release=$2 ;;
        --wait) wait=$2 ;;
        --set | --set-string | -f) render+=("$1" "$2") ;;
        *) usage ;;
    esac
    shift 2
done
if [ ! -r "$kubeconfig" ]; then
    echo "Give --kubeconfig FILE (or KUBECONFIG): found '$kubeconfig', which cannot be read." >&2
    exit 2
fi

kubectl() {
    command kubectl --kubeconfig "$kubeconfig" "$@"
}

# Our own field manager: what people change by hand beside it stays theirs.
apply() {
    kubectl apply --server-side --force-conflicts --field-manager=templating-chart -f "$1"
}

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
objects() {
    "$here/render.sh" --kubeconfig "$kubeconfig" --namespace "$namespace" --release "$release" "${render[@]}" "$@"
}

if [ -n "$uninstall" ]; then
    objects --skip-kinds CustomResourceDefinition >"$work/objects.yaml"
    kubectl delete --ignore-not-found -f "$work/objects.yaml"
    exit 0
fi

objects --only-kinds CustomResourceDefinition >"$work/crds.yaml"
objects --skip-kinds CustomResourceDefinition >"$work/objects.yaml"
if [ -s "$work/crds.yaml" ]; then
    apply "$work/crds.yaml"
    kubectl wait --for=condition=Established --timeout=60s -f "$work/crds.yaml"
fi
# The daemons are privileged containers, which a cluster's default Pod Security level may refuse.
cat >"$work/namespace.yaml" <<YAML
apiVersion: v1
kind: Namespace
metadata:
  name: $namespace
  labels:
    pod-security.kubernetes.io/enforce: privileged
YAML
apply "$work/namespace.yaml"
apply "$work/objects.yaml"

if [ -n "$wait" ]; then
    for kind in deployment daemonset; do
        kubectl --namespace "$namespace" get "$kind" --selector "app.kubernetes.io/instance=$release" -o name |
            while read -r name; do
                kubectl --namespace "$namespace" rollout status "$name" --timeout="${wait}s" </dev/null
            done
    done
fi
