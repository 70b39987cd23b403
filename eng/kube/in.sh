#!/usr/bin/env bash
# Runs a command in a cluster's network, with KUBECONFIG set and kubectl and etcdctl in PATH: from there pods, nodes and
# the API server can be reached. Files and processes are the machine's.
#
#   in.sh DIR COMMAND...
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
# shellcheck source=SCRIPTDIR/lib.sh
. "$here/lib.sh"
dir=$(cd "${1:?A folder is missing: in.sh DIR COMMAND...}" && pwd)
shift
init=$(kube_init "$dir" control-plane) || kube_fail "No cluster runs in $dir."
export KUBECONFIG=$dir/kubeconfig ETCDCTL_API=3 ETCDCTL_ENDPOINTS=http://$KUBE_GATEWAY:2379
export PATH=$PATH:$KUBE_CACHE/bin no_proxy='*' NO_PROXY='*'
exec nsenter --target "$init" --net -- "$@"
