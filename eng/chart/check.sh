#!/usr/bin/env bash
# Checks the chart by Helm: it lints and packages, wrong values are refused, each set of values in charts/templating/ci
# renders for old and current clusters, by Helm 3 as by Helm 4, a real API server accepts every object in a server-side dry
# run, an installation is repeatable and goes away again, the renderings for current clusters fit their published schemas,
# the roles of operator and load tests are the documented ones, and the alerts are heard on series (promtool). Needs root and what eng/kube/api.sh needs.
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
repo=$(cd "$here/../.." && pwd)
chart=$repo/charts/templating
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

helm=$("$here/helm.sh")
helm3=$("$here/helm.sh" 3)
package=$("$here/build.sh")
echo "The chart lints and packages."

# --- Values that are wrong -------------------------------------------------------------------------------------------
# Refused, with a message that names the field. Arguments: its path, what the message must hold, then Helm's.
refused() {
    local path=$1 expected=$2 told
    shift 2
    if told=$("$helm" template templating "$chart" "$@" 2>&1 >/dev/null); then
        fail "Accepted, though it is wrong: $*"
    fi
    grep -qF -- "at '$path': $expected" <<<"$told" || fail "Expected \"at '$path': $expected\" when refusing $*, found: $told"
}
refused '' "additional properties 'foo' not allowed" --set foo=1
refused /node "additional properties 'imagePath' not allowed" --set node.imagePath=x
refused /operator/replicas 'minimum: got -1' --set operator.replicas=-1
refused /operator/replicas 'got string, want integer' --set-string operator.replicas=2
refused /operator/logLevel 'value must be one of' --set operator.logLevel=loud
refused /operator/image/digest "'sha256:12' does not match pattern" --set operator.image.digest=sha256:12
refused /operator/image/pullPolicy 'value must be one of' --set operator.image.pullPolicy=Sometimes
refused /operator/resources/limits/memory "'lots' does not match pattern" --set operator.resources.limits.memory=lots
refused /node/storePath "'relative/path' does not match pattern" --set node.storePath=relative/path
refused /node/kubeletPath "'/' does not match pattern" --set node.kubeletPath=/
refused /node/maxUnavailable 'minimum: got 0, want 1' --set node.maxUnavailable=0
refused /node/extraPolicyRules/0 "missing property 'tenants'" --set 'node.extraPolicyRules[0].commonName=a'
refused /node/extraPolicyRules/0/tenants/0 "'Team' does not match pattern" \
    --set 'node.extraPolicyRules[0].commonName=a,node.extraPolicyRules[0].tenants={Team}'
refused /runtimeClass/binFolder "'not' failed" --set runtimeClass.binFolder=/usr/bin
refused /runtimeClass/binFolder "'not' failed" --set runtimeClass.binFolder=/usr
refused /runtimeClass/name "'not' failed" --set runtimeClass.name=runc
refused /runtimeClass/enabled 'value must be true' --set runtimeClass.remove=true
refused /runtimeClass/containerd/config "'/config.toml' does not match pattern" --set runtimeClass.containerd.config=/config.toml
refused /runtimeClass/containerd/wait "'never' does not match pattern" --set runtimeClass.containerd.wait=never
refused /runtimeClass/template/namespaces/0 "'Upper' does not match pattern" --set 'runtimeClass.template.namespaces={Upper}'
refused /loadTest/recipe "'anyOf' failed" --set loadTest.recipe=no-such-recipe
refused /loadTest/recipe 'minLength: got 0, want 1' --set loadTest.enabled=true
refused /loadTest/namespaces 'minItems: got 0, want 1' --set loadTest.enabled=true
refused /loadTest/namespaces/0 "'Upper' does not match pattern" --set 'loadTest.namespaces={Upper}'
refused /loadTest/namespaces 'items at 0 and 1 are equal' --set 'loadTest.namespaces={a,a}'
refused /loadTest/pool "'a.b' does not match pattern" --set loadTest.pool=a.b
refused /loadTest/activeDeadlineSeconds 'minimum: got 0, want 1' --set loadTest.activeDeadlineSeconds=0
refused /loadTest/ttlSecondsAfterFinished 'got string, want' --set-string loadTest.ttlSecondsAfterFinished=1h
refused /tls/mode 'value must be one of' --set tls.mode=none
refused /tls/existing/nodeSecret 'minLength: got 0, want 1' --set tls.mode=existing
refused /tls/validityDays 'minimum: got 0, want 1' --set tls.validityDays=0
refused /networkPolicies/vmPods/namespaces/0 "'Upper' does not match pattern" --set 'networkPolicies.vmPods.namespaces={Upper}'
refused /metrics/serviceMonitor/interval "'often' does not match pattern" --set metrics.serviceMonitor.interval=often
refused /metrics/prometheusRule/coldShare 'got string, want number' --set-string metrics.prometheusRule.coldShare=2
refused /fullnameOverride "'-x' does not match pattern" --set fullnameOverride=-x
if told=$("$helm" template templating "$chart" --kube-version 1.19.16 2>&1 >/dev/null); then
    fail "Rendered for Kubernetes 1.19.16, expected a refusal."
fi
grep -q 'requires kubeVersion: >=1.20.0-0' <<<"$told" || fail "Expected to be told the version needed, found: $told"
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
# Of the package, not the folder: what people get. kubectl only turns it into JSON here; it asks no server.
render() {
    "$1" template templating "$package" "${@:2}" >"$work/rendered.yaml"
    kubectl patch --local --filename "$work/rendered.yaml" --type merge --patch '{}' --output json
}
for set in "${sets[@]}"; do
    mapfile -t given < <(options "$set")
    for version in "$old" "$cel" "$current"; do
        render "$helm" "${given[@]}" --kube-version "$version" >"$work/$set-$version.json"
        render "$helm3" "${given[@]}" --kube-version "$version" >"$work/$set-$version-helm3.json"
    done
    "$helm" install templating "$package" "${given[@]}" --dry-run=client >"$work/$set-notes.txt"
    grep -q 'rollout status' "$work/$set-notes.txt" || fail "The notes for $set do not say how to wait for it."
done
python3 "$here/check.py" "$repo" "$work" "$old" "$cel" "$current" "${sets[@]}"

# With the definitions in the same release a server knows no VMTemplate before it is installed.
sandboxes() {
    "$helm" template templating "$package" --show-only templates/runtimeclass.yaml -f "$chart/ci/runtime-class-values.yaml" "$@" >"$work/sandboxes.yaml"
    grep -c '^kind: VMTemplate$' "$work/sandboxes.yaml" || true
}
[ "$(sandboxes)" = 0 ] || fail "Templates are made before their definition is there."
[ "$(sandboxes --api-versions templating.dev/v1alpha1/VMTemplate)" = 2 ] || fail "Expected a template in each of two namespaces."
[ "$(grep -c '^  sandbox: true$' "$work/sandboxes.yaml")" = 2 ] || fail "The templates of the RuntimeClass are none for sandboxes."
"$helm" template templating "$package" -f "$chart/ci/runtime-class-values.yaml" --set runtimeClass.remove=true >"$work/rendered.yaml"
grep -q '^            - uninstall$' "$work/rendered.yaml" || fail "With runtimeClass.remove nodes do not take the shim out."
! grep -q '^kind: RuntimeClass$' "$work/rendered.yaml" || fail "With runtimeClass.remove pods could still ask for it."
"$helm" template templating "$package" >"$work/rendered.yaml"
! grep -q 'hostPID\|kind: RuntimeClass\|images-folders' "$work/rendered.yaml" || fail "The RuntimeClass is off, and yet there is something of it."
echo "The RuntimeClass comes, goes and is off by default."

# A Job cannot change: its name says what it does. Whatever is not its own leaves it as it is.
load_test() {
    "$helm" template templating "$package" --show-only templates/load-test-job.yaml -f "$chart/ci/load-test-values.yaml" "$@" >"$work/load-test.yaml"
    sed -n 's/^  name: \(templating-load-test-[0-9a-f]*\)$/\1/p' "$work/load-test.yaml"
}
run=$(load_test)
[ -n "$run" ] || fail "The load test has no Job."
[ "$(load_test --set loadTest.ttlSecondsAfterFinished=null,operator.replicas=1,commonLabels.a=b)" = "$run" ] || fail "Something else changed makes another load test."
printf 'version: 1\nname: other\n' >"$work/recipe.yaml"
for change in --set-file=loadTest.recipe="$work/recipe.yaml" --set=loadTest.run=3 --set=loadTest.image.digest= --set=loadTest.pool=third; do
    [ "$(load_test "$change")" != "$run" ] || fail "The load test is the same Job with $change."
done
load_test --set loadTest.recipe=burst,loadTest.results.claimName= >/dev/null
grep -q '^        *- --output=-$' "$work/load-test.yaml" || fail "Without a claim a load test's reports are lost."
! grep -q 'ConfigMap\|volume' "$work/load-test.yaml" || fail "A load test that needs no file has one."
"$helm" template templating "$package" --set 'loadTest.namespaces={team-a},loadTest.operatorMetrics=false' >"$work/rendered.yaml"
grep -q '^ *verbs: \[list\]$' "$work/rendered.yaml" || fail "A load test without pods may do more than list them, or cannot clean up."
! grep -q 'pods/proxy' "$work/rendered.yaml" || fail "A load test may read from pods though it is not to measure the operator."
! grep -q 'kind: Job' "$work/rendered.yaml" || fail "A load test runs that is not enabled."
echo "A load test runs where it is wanted, once for each thing that it does."

# --- Alerts -----------------------------------------------------------------------------------------------------------
promtool=$("$here/promtool.sh")
"$helm" template templating "$package" --namespace templating-system --set metrics.prometheusRule.enabled=true \
    --show-only templates/prometheusrule.yaml >"$work/rendered.yaml"
kubectl patch --local --filename "$work/rendered.yaml" --type merge --patch '{}' --output json | jq .spec >"$work/rules.yaml"
cp "$here/alerts-test.yaml" "$work/"
"$promtool" check rules "$work/rules.yaml" >&2
(cd "$work" && "$promtool" test rules alerts-test.yaml >&2)
echo "Alerts fire on series where they should, and not where they should not."
# Grafana puts its variables into the queries; any word will do to read them.
jq '{groups: [{name: "dashboard", rules: [.panels[] | select(.targets) | {record: "panel:\(.id)", expr: (.targets[].expr | gsub("\\$[a-z]+"; "x"))}]}]}' \
    "$chart/files/dashboards/templating.json" >"$work/dashboard.yaml"
"$promtool" check rules "$work/dashboard.yaml" >&2
echo "The dashboard's queries can be read."

# --- A real API server -----------------------------------------------------------------------------------------------
"$repo/eng/kube/api.sh" "$work/api" >&2
export KUBECONFIG=$work/api/kubeconfig
# Kinds of others that the chart can make: known to this server by name, to be held against their real schemas below.
python3 "$here/check.py" --others | kubectl apply -f - >&2
kubectl wait --for=condition=Established --timeout=60s crd --all >&2
kubectl create namespace templating-system >&2
for set in "${sets[@]}"; do
    mapfile -t given < <(options "$set")
    "$helm" template templating "$package" --dry-run=server "${given[@]}" >"$work/dry.yaml"
    # Both ways people have; the first also refuses fields that the server does not know.
    kubectl create --dry-run=server --validate=true -f "$work/dry.yaml" >"$work/created" || fail "The API server refused $set."
    kubectl apply --dry-run=server --server-side -f "$work/dry.yaml" >"$work/applied" || fail "The API server refused to apply $set."
    objects=$(python3 "$here/check.py" --count <"$work/$set-$old.json")
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
kubectl create namespace team-a >&2
kubectl create namespace team-b >&2
kubectl create --dry-run=server --validate=true -f "$work/sandboxes.yaml" >&2 || fail "The API server refused the templates of the RuntimeClass."
echo "The API server accepts the templates of the RuntimeClass."
kubectl --namespace vm-system delete secret templating-node-tls templating-operator-tls >&2
"$here/install.sh" --kubeconfig "$KUBECONFIG" --namespace vm-system >&2
state >"$work/renewed"
[ "$(diff "$work/first" "$work/renewed" | grep -c '^> Secret/')" = 2 ] || fail "Deleted certificates were not made anew."
echo "Certificates that are deleted are made anew."
"$here/install.sh" --kubeconfig "$KUBECONFIG" --namespace vm-system --uninstall >&2
state >"$work/third"
[ ! -s "$work/third" ] || fail "After the uninstallation there still is: $(cat "$work/third")"
kubectl get crd vmclones.templating.dev -o name >&2
echo "It can be taken away, and the resources' definitions stay."

# What another release has, or what was applied without Helm, is not taken over unless that is asked for.
"$helm" template templating "$package" --namespace vm-system --show-only templates/csidriver.yaml |
    kubectl apply --server-side --field-manager=templating-chart -f - >&2
if told=$("$here/install.sh" --namespace vm-system 2>&1 >/dev/null); then
    fail "An object of another's was taken over, and nobody asked for that."
fi
grep -q 'CSIDriver "templating.dev".*cannot be imported' <<<"$told" || fail "Expected to be told whose it is, found: $told"
"$here/install.sh" --namespace vm-system --take-ownership >&2
"$here/install.sh" --namespace vm-system --uninstall >&2
[ -z "$(kubectl get csidriver -o name)" ] || fail "What was taken over did not go with the release."
echo "What others made is taken over where that is asked for, and only there."

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
    python3 "$here/check.py" --lines <"$work/$set-$current.json" >"$work/lines.json"
    (cd "$models" && node --input-type=module - "$work/lines.json") <"$here/models/check.mjs"
done
echo "The objects for $current fit the published schemas."
