#!/usr/bin/env bash
# Puts Templating onto a cluster of eng/kube/up.sh: guest files and images onto each node, then the chart; waits until
# operator and daemons are ready.
#
#   eng/kube/deploy.sh [--runtime-class] DIR [HELM-LIKE OPTION...]      DIR as for up.sh; options go to eng/chart/install.sh
#
#   --runtime-class   the shim, too: the chart puts it onto the nodes, and each node's containerd is restarted here as the chart waits for
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
# shellcheck source=SCRIPTDIR/lib.sh
. "$here/lib.sh"
runtime=
[ "${1:-}" != --runtime-class ] || { runtime=1; shift; }
dir=${1:?"usage: deploy.sh [--runtime-class] DIR [OPTION...]"}
shift
cache=$(cd "${TEMPLATING_CACHE:-$here/../../.cache}" && pwd)
namespace=templating-system
guest=/var/lib/templating/guest

kubectl() { "$here/in.sh" "$dir" kubectl "$@"; }

options=()
[ -z "$runtime" ] || options=(
    --set "runtimeClass.enabled=true,runtimeClass.binFolder=/opt/bin,runtimeClass.containerd.config=/etc/kubernetes/containerd.toml"
    --set "runtimeClass.containerd.restartCommand=,runtimeClass.containerd.wait=240s")

# A node's root folder lies in DIR.
for node in "$dir"/node-[0-9]*; do
    mkdir -p "$node$guest"
    cp "$cache"/guest/{vmlinux,initrd,rootfs.img} "$node$guest/"
done
"$here/load-image.sh" "$dir" "$cache"/images/{templating,templating-operator,kubectl-templating}.tar
# From the cluster's network nothing can be fetched.
"$here/../chart/helm.sh" >/dev/null
"$here/in.sh" "$dir" "$here/../chart/install.sh" --kubeconfig "$dir/kubeconfig" --namespace "$namespace" \
    --set operator.image.tag=dev,node.image.tag=dev,loadTest.image.tag=dev ${options[@]+"${options[@]}"} "$@"
kubectl -n "$namespace" rollout status daemonset/templating-node --timeout=180s
kubectl -n "$namespace" rollout status deployment/templating-operator --timeout=180s
[ -n "$runtime" ] || exit 0
# Nothing on a node can start its containerd: it is a child of ctl.sh's.
for node in "$dir"/node-[0-9]*; do
    kube_wait 240 "the runtime in $node's configuration" grep -q '^# BEGIN templating.dev' "$node/etc/kubernetes/containerd.toml"
    "$here/ctl.sh" "$dir" restart containerd "${node##*-}"
done
kubectl -n "$namespace" rollout status daemonset/templating-runtime --timeout=300s
