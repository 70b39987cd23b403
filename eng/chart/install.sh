#!/usr/bin/env bash
# Installs the chart in a cluster with a Helm of its own (helm.sh), or upgrades what is installed; again and again with the
# same effect: the values are those given, and the chart's.
#
#   eng/chart/install.sh --kubeconfig FILE [--namespace templating-system] [--release templating] [--set A=B]...
#                        [--set-string A=B]... [--set-file A=FILE]... [-f FILE]... [--wait SECONDS] [--take-ownership] [--uninstall]
#
#   --wait SECONDS     return when operator and daemons are ready; fails when they are not by then
#   --take-ownership   also take over objects that another release, or no Helm, made
#   --uninstall        takes away what the chart made; the resources' definitions stay, and with them all objects of theirs
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
usage() {
    sed -n '2,/^set/p' "${BASH_SOURCE[0]}" | sed -n 's/^# \{0,1\}//p' >&2
    exit 2
}

kubeconfig=${KUBECONFIG:-}
namespace=templating-system
release=templating
uninstall=
given=()
while [ $# -gt 0 ]; do
    case $1 in
        --uninstall)
            uninstall=yes
            shift
            continue
            ;;
        --take-ownership)
            given+=("$1" --force-conflicts)
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
        --wait) given+=(--wait --timeout "${2}s") ;;
        --set | --set-string | --set-file | -f) given+=("$1" "$2") ;;
        *) usage ;;
    esac
    shift 2
done
if [ ! -r "$kubeconfig" ]; then
    echo "Give --kubeconfig FILE (or KUBECONFIG): found '$kubeconfig', which cannot be read." >&2
    exit 2
fi

helm=$("$here/helm.sh")
helm() {
    "$helm" --kubeconfig "$kubeconfig" --namespace "$namespace" "$@"
}

if [ -n "$uninstall" ]; then
    helm uninstall "$release" --ignore-not-found
    exit 0
fi

# The daemons are privileged containers, which a cluster's default Pod Security level may refuse.
kubectl --kubeconfig "$kubeconfig" apply --server-side --force-conflicts --field-manager=templating-chart -f - <<YAML
apiVersion: v1
kind: Namespace
metadata:
  name: $namespace
  labels:
    pod-security.kubernetes.io/enforce: privileged
YAML
# Without --reset-values, a call without values would take those of the call before.
helm upgrade "$release" "$here/../../charts/templating" --install --reset-values --hide-notes "${given[@]}"
