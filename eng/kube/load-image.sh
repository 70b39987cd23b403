#!/usr/bin/env bash
# Imports image archives (docker-archive or oci-archive) into all nodes of a cluster, or into one.
#
#   load-image.sh [--node N] DIR ARCHIVE...
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
# shellcheck source=SCRIPTDIR/lib.sh
. "$here/lib.sh"
# shellcheck source=SCRIPTDIR/node.sh
. "$here/node.sh"
only=
[ "${1:-}" != --node ] || { only=${2:?--node needs a number}; shift 2; }
dir=$(cd "${1:?A folder is missing: load-image.sh DIR ARCHIVE...}" && pwd)
shift
[ $# -gt 0 ] || kube_fail "An archive is missing: load-image.sh DIR ARCHIVE..."
loading=()
for n in ${only:-$(seq "$(cat "$dir/nodes")")}; do
    # A node that a test has killed is none to load.
    kube_init "$dir" "node-$n" >/dev/null || continue
    node_load "$dir" "$n" "$@" &
    loading+=($!)
done
for pid in "${loading[@]}"; do
    wait "$pid"
done
