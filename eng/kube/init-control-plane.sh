#!/usr/bin/env bash
# The first process of the control plane's namespaces: makes its network (with --net) and becomes `pause`. Called by
# control-plane.sh, not by people.
set -Eeuo pipefail
trap 'echo "${BASH_SOURCE[0]}: line $LINENO: $BASH_COMMAND" >&2' ERR
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
# shellcheck source=SCRIPTDIR/lib.sh
. "$here/lib.sh"

if [ "${1:-}" = --net ]; then
    ip link set lo up
    # What kube-proxy would translate is simply an address of the machine that the API server listens on.
    ip address add "$KUBE_SERVICE/32" dev lo
    ip link add nodes type bridge
    ip address add "$KUBE_GATEWAY/24" dev nodes
    ip link set nodes up
    echo 1 >/proc/sys/net/ipv4/ip_forward
fi
exec "$KUBE_CACHE/bin/pause"
