#!/usr/bin/env bash
# Brings up a Kubernetes 1.20 cluster on this machine: a control plane and nodes, all in namespaces of their own. Needs
# root and what build.sh makes. See docs/kubernetes/local-cluster.md.
#
#   up.sh [--nodes N] DIR
#
#   --nodes N   1 to 9, 2 by default
#   DIR         holds kubeconfig, logs and data; end the cluster with down.sh DIR
set -Eeuo pipefail
trap 'echo "${BASH_SOURCE[0]}: line $LINENO: $BASH_COMMAND" >&2' ERR
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
for part in lib pki control-plane node; do
    # shellcheck disable=SC1090
    . "$here/$part.sh"
done

nodes=2
dir=
while [ $# -gt 0 ]; do
    case $1 in
        --nodes)
            nodes=${2:-}
            shift
            ;;
        -*) kube_fail "Found option $1, expected --nodes N." ;;
        *) dir=$1 ;;
    esac
    shift
done
[ -n "$dir" ] || kube_fail "A folder is missing: up.sh [--nodes N] DIR"
[[ $nodes =~ ^[1-9]$ ]] || kube_fail "Found --nodes $nodes, expected a number from 1 to 9."
[ "$(id -u)" = 0 ] || kube_fail "Run this as root: namespaces, cgroups and containers need it."
kube_bin kube-apiserver kube-controller-manager kube-scheduler kubelet >/dev/null
[ -s "$KUBE_CACHE/images/pause.tar" ] || kube_fail "Found no $KUBE_CACHE/images/pause.tar: run eng/kube/build.sh."

kube_open "$dir"
dir=$(cd "$dir" && pwd)
failed() {
    code=$?
    trap - EXIT
    [ "$code" -ne 0 ] || exit 0
    kube_tails "$dir"
    "$here/down.sh" "$dir" >&2 || true
    exit "$code"
}
trap failed EXIT
trap 'exit 130' INT TERM
start=$SECONDS

touch "$dir/controllers"
echo "$nodes" >"$dir/nodes"
cp_prepare "$dir" "$KUBE_GATEWAY" 443
cp_namespaces "$dir" --net
cp_up "$dir" &
control=$!
raising=()
for n in $(seq "$nodes"); do
    node_prepare "$dir" "$n" "$nodes"
    node_up "$dir" "$n" "$nodes" >"$dir/log/node-$n-up.log" 2>&1 &
    raising+=($!)
done
wait "$control"
for n in $(seq "$nodes"); do
    wait "${raising[$((n - 1))]}"
    node_start "$dir" "$n" kubelet
done

nodes_ready() {
    [ "$("$here/in.sh" "$dir" kubectl get nodes --no-headers | grep -cw Ready)" = "$nodes" ] &&
        # Its taint goes a moment later, and until then no pod is placed.
        ! "$here/in.sh" "$dir" kubectl get nodes -o jsonpath='{.items[*].spec.taints}' | grep -q .
}
kube_wait 240 "the nodes" nodes_ready
kube_wait 120 "the default service account" "$here/in.sh" "$dir" kubectl get serviceaccount default
echo "Cluster of $nodes nodes in $dir after $((SECONDS - start)) s: eng/kube/in.sh $dir kubectl get nodes"
