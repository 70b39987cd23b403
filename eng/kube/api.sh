#!/usr/bin/env bash
# Starts etcd and the API server alone, on a loopback address of their own, for tests that need no more. Needs root and
# what build.sh makes, or KUBEBUILDER_ASSETS.
#
#   api.sh [--controllers] DIR
#
#   --controllers   the controller manager, too (owners' garbage collection, namespaces, service accounts)
#   DIR             holds kubeconfig, logs and data; end it with down.sh DIR
set -Eeuo pipefail
trap 'echo "${BASH_SOURCE[0]}: line $LINENO: $BASH_COMMAND" >&2' ERR
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
for part in lib pki control-plane; do
    # shellcheck disable=SC1090
    . "$here/$part.sh"
done

controllers=
dir=
while [ $# -gt 0 ]; do
    case $1 in
        --controllers) controllers=1 ;;
        -*) kube_fail "Found option $1, expected --controllers." ;;
        *) dir=$1 ;;
    esac
    shift
done
[ -n "$dir" ] || kube_fail "A folder is missing: api.sh [--controllers] DIR"
[ "$(id -u)" = 0 ] || kube_fail "Run this as root: the namespaces that end it surely need it."
kube_bin kube-apiserver >/dev/null
[ -x "$KUBE_CACHE/bin/pause" ] || kube_fail "Found no $KUBE_CACHE/bin/pause: run eng/kube/build.sh --node-only."

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

[ -z "$controllers" ] || touch "$dir/controllers"
# All of 127.0.0.0/8 is this machine: an address of its own needs no search for free ports.
read -r a b c < <(od -An -N3 -tu1 /dev/urandom)
cp_prepare "$dir" "127.$((a % 250 + 2)).$b.$((c % 250 + 2))" 6443
cp_namespaces "$dir"
cp_up "$dir"
echo "API server in $dir after $((SECONDS - start)) s: KUBECONFIG=$dir/kubeconfig"
