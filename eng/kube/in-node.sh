#!/usr/bin/env bash
# Runs a command on a node: its files, network, processes; ctr, crictl's images and pods are in containerd's namespace
# k8s.io, which is preset.
#
#   in-node.sh DIR N COMMAND...
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
# shellcheck source=SCRIPTDIR/lib.sh
. "$here/lib.sh"
# shellcheck source=SCRIPTDIR/node.sh
. "$here/node.sh"
dir=$(cd "${1:?A folder is missing: in-node.sh DIR N COMMAND...}" && pwd)
n=${2:?The number of a node is missing}
shift 2
node_run "$dir" "$n" "$@"
