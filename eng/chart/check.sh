#!/usr/bin/env bash
# Checks the chart: wrong values are refused, each set of values in charts/templating/ci renders for old and current
# clusters, a real API server accepts every object in a server-side dry run, an installation is repeatable and goes away
# again, the renderings for current clusters fit their published schemas, and the operator's role is the documented one.
# Needs root and what eng/kube/api.sh needs.
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
repo=$(cd "$here/../.." && pwd)
chart=$repo/charts/templating
render=$here/render.sh
# What the API server here is, what CEL came with, and one of today.
old=1.20.2 cel=1.25.0 current=1.31.0

# kubectl: the host's, or the one eng/kube/build.sh got.
PATH=$PATH:${TEMPLATING_CACHE:-$repo/.cache}/kube/bin
work=$(mktemp -d)
cleanup() {
    if [ -d "$work/api" ]; then
        "$repo/eng/kube/down.sh" "$work/api" >/dev/null || true
    fi
    rm -rf "$work"
}
trap cleanup EXIT
fail() {
    echo "$1" >&2
    exit 1
}

"$here/build.sh" >/dev/null

# --- Values that are wrong -------------------------------------------------------------------------------------------
# Refused, with a message that names the field. Arguments: what the message must hold, then the renderer's.
refused() {
    local expected=$1 told
    shift
    if told=$("$render" "$@" 2>&1 >/dev/null); then
        fail "Accepted, though it is wrong: $*"
    fi
    grep -qF -- "$expected" <<<"$told" || fail "Expected '$expected' when refusing $*, found: $told"
}
refused 'Additional property foo' --set foo=1
refused 'node: Additional property imagePath' --set node.imagePath=x
refused 'operator.replicas' --set operator.replicas=-1
refused 'operator.replicas' --set-string operator.replicas=2
refused 'operator.logLevel' --set operator.logLevel=loud
refused 'operator.image.digest' --set operator.image.digest=sha256:12
refused 'operator.image.pullPolicy' --set operator.image.pullPolicy=Sometimes
refused 'operator.resources.limits.memory' --set operator.resources.limits.memory=lots
refused 'node.storePath' --set node.storePath=relative/path
refused 'node.kubeletPath' --set node.kubeletPath=/
refused 'node.maxUnavailable' --set node.maxUnavailable=0
refused 'node.extraPolicyRules.0' --set 'node.extraPolicyRules[0].commonName=a'
refused 'node.extraPolicyRules.0.tenants.0' --set 'node.extraPolicyRules[0].commonName=a,node.extraPolicyRules[0].tenants={Team}'
refused 'tls.mode' --set tls.mode=none
refused 'tls.existing.nodeSecret' --set tls.mode=existing
refused 'tls.validityDays' --set tls.validityDays=0
refused 'networkPolicies.vmPods.namespaces.0' --set 'networkPolicies.vmPods.namespaces={Upper}'
refused 'metrics.serviceMonitor.interval' --set metrics.serviceMonitor.interval=often
refused 'metrics.prometheusRule.coldShare' --set-string metrics.prometheusRule.coldShare=2
refused 'fullnameOverride' --set fullnameOverride=-x
refused "the cluster's version" --kube-version old
echo "Wrong values are refused."

# --- Rendering -------------------------------------------------------------------------------------------------------
sets=(default)
for file in "$chart"/ci/*-values.yaml; do
    name=${file##*/}
    sets+=("${name%-values.yaml}")
done
options() {
    echo --namespace
    echo templating-system
    [ "$1" = default ] || printf '%s\n' -f "$chart/ci/$1-values.yaml"
}
for set in "${sets[@]}"; do
    mapfile -t given < <(options "$set")
    for version in "$old" "$cel" "$current"; do
        "$render" "${given[@]}" --kube-version "$version" --json >"$work/$set-$version.json"
    done
    "$render" "${given[@]}" --notes >"$work/$set-notes.txt"
    grep -q 'rollout status' "$work/$set-notes.txt" || fail "The notes for $set do not say how to wait for it."
done
python3 "$here/check.py" "$repo" "$work" "$old" "$cel" "$current" "${sets[@]}"

# --- A real API server -----------------------------------------------------------------------------------------------
"$repo/eng/kube/api.sh" "$work/api" >&2
export KUBECONFIG=$work/api/kubeconfig
# Kinds of others that the chart can make: known to this server by name, to be held against their real schemas below.
python3 "$here/check.py" --others | kubectl apply -f - >&2
kubectl wait --for=condition=Established --timeout=60s crd --all >&2
kubectl create namespace templating-system >&2
for set in "${sets[@]}"; do
    mapfile -t given < <(options "$set")
    "$render" --kubeconfig "$KUBECONFIG" "${given[@]}" >"$work/dry.yaml"
    # Both ways people have; the first also refuses fields that the server does not know.
    kubectl create --dry-run=server --validate=true -f "$work/dry.yaml" >"$work/created" || fail "The API server refused $set."
    kubectl apply --dry-run=server --server-side -f "$work/dry.yaml" >"$work/applied" || fail "The API server refused to apply $set."
    objects=$(wc -l <"$work/$set-$old.json")
    [ "$(wc -l <"$work/created")" = "$objects" ] || fail "Of $set's $objects objects the server took $(wc -l <"$work/created")."
    echo "The API server accepts the $objects objects of $set."
done
kubectl delete namespace templating-system --wait=false >&2

state() {
    kubectl --namespace vm-system get serviceaccount,secret,configmap,deployment,daemonset,role,rolebinding,networkpolicy,pdb -o json |
        python3 "$here/check.py" --state
}
"$here/install.sh" --kubeconfig "$KUBECONFIG" --namespace vm-system >&2
state >"$work/first"
grep -q Secret/templating-node-tls "$work/first" || fail "The installation made no certificate of the nodes."
"$here/install.sh" --kubeconfig "$KUBECONFIG" --namespace vm-system >&2
state >"$work/second"
diff "$work/first" "$work/second" >&2 || fail "A second installation changed what the first one made."
echo "An installation can be repeated, and keeps its certificates."
"$here/install.sh" --kubeconfig "$KUBECONFIG" --namespace vm-system --uninstall >&2
state >"$work/third"
[ ! -s "$work/third" ] || fail "After the uninstallation there still is: $(cat "$work/third")"
kubectl get crd vmclones.templating.dev -o name >&2
echo "It can be taken away, and the resources' definitions stay."

# --- Published schemas -----------------------------------------------------------------------------------------------
if ! command -v npm >/dev/null; then
    echo "NOT CHECKED against published schemas: there is no npm here."
    exit 0
fi
models=${TEMPLATING_CACHE:-$repo/.cache}/chart/models
mkdir -p "$models"
cp "$here/models/package.json" "$models/"
if ! (cd "$models" && npm install --no-save --no-audit --no-fund --loglevel=error >&2); then
    echo "NOT CHECKED against published schemas: npm could not fetch them."
    exit 0
fi
for set in "${sets[@]}"; do
    (cd "$models" && node --input-type=module - "$work/$set-$current.json") <"$here/models/check.mjs"
done
echo "The objects for $current fit the published schemas."
