#!/usr/bin/env bash
# Puts Templating onto a cluster of eng/kube/up.sh: guest files and images onto each node, then the chart; waits until
# operator and daemons are ready.
#
#   eng/kube/deploy.sh DIR [HELM-LIKE OPTION...]      DIR as for up.sh; options go to eng/chart/install.sh
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
dir=${1:?"usage: deploy.sh DIR [OPTION...]"}
shift
cache=$(cd "${TEMPLATING_CACHE:-$here/../../.cache}" && pwd)
namespace=templating-system
guest=/var/lib/templating/guest

kubectl() { "$here/in.sh" "$dir" kubectl "$@"; }

# A node's root folder lies in DIR.
for node in "$dir"/node-[0-9]*; do
    mkdir -p "$node$guest"
    cp "$cache"/guest/{vmlinux,initrd,rootfs.img} "$node$guest/"
done
"$here/load-image.sh" "$dir" "$cache"/images/templating.tar "$cache"/images/templating-operator.tar
# From the cluster's network nothing can be fetched.
"$here/../chart/helm.sh" >/dev/null
"$here/in.sh" "$dir" "$here/../chart/install.sh" --kubeconfig "$dir/kubeconfig" --namespace "$namespace" \
    --set operator.image.tag=dev,node.image.tag=dev "$@"
kubectl -n "$namespace" rollout status daemonset/templating-node --timeout=180s
kubectl -n "$namespace" rollout status deployment/templating-operator --timeout=180s
