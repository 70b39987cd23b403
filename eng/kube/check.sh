#!/usr/bin/env bash
# Checks the local cluster and the images by use: pods on both nodes reach each other and the API server, logs and exec
# work, containers outlive their kubelet and containerd, the images' programs run in a restricted pod, and the cluster
# leaves nothing behind, also when it is killed half-way. Needs root, build.sh and eng/images/build.sh. A minute.
set -Eeuo pipefail
trap 'echo "${BASH_SOURCE[0]}: line $LINENO: $BASH_COMMAND" >&2' ERR
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
# shellcheck source=SCRIPTDIR/lib.sh
. "$here/lib.sh"
images=$(dirname "$KUBE_CACHE")/images

dir=$(mktemp -d /tmp/templating-kube.XXXXXX)
finish() {
    code=$?
    trap - EXIT
    [ "$code" -eq 0 ] || kube_tails "$dir"
    "$here/down.sh" --purge "$dir" || code=1
    rm -rf "$dir"
    exit "$code"
}
trap finish EXIT
trap 'exit 130' INT TERM

step() { echo "== $*"; }
in_cluster() { "$here/in.sh" "$dir" "$@"; }
run() { in_cluster kubectl "$@"; }

nothing_left() {
    [ -z "$(kube_processes "$1")" ] || { kube_processes "$1" >&2; return 1; }
    ! grep -F "$dir/" /proc/mounts >&2 || return 1
    ! find /sys/fs/cgroup -maxdepth 2 -name "$1" | grep . >&2
}

step "Killed half-way, nothing is left"
"$here/up.sh" "$dir" >/dev/null 2>&1 &
starting=$!
kube_wait 120 "node-2's namespaces" test -s "$dir/run/node-2.init"
kill -KILL "$starting"
wait "$starting" 2>/dev/null || true
name=$(cat "$dir/name")
"$here/down.sh" "$dir"
nothing_left "$name"

step "Up"
"$here/up.sh" "$dir"
name=$(cat "$dir/name")

step "A Deployment on both nodes"
run apply -f - <<'YAML'
apiVersion: apps/v1
kind: Deployment
metadata: {name: web}
spec:
  replicas: 2
  selector: {matchLabels: {app: web}}
  template:
    metadata: {labels: {app: web}}
    spec:
      terminationGracePeriodSeconds: 1
      topologySpreadConstraints:
      - maxSkew: 1
        topologyKey: kubernetes.io/hostname
        whenUnsatisfiable: DoNotSchedule
        labelSelector: {matchLabels: {app: web}}
      containers:
      - name: web
        image: localhost/busybox:1
        command: [sh, -c, "hostname >/tmp/index.html; echo started; exec httpd -f -p 8080 -h /tmp"]
        readinessProbe: {httpGet: {path: /, port: 8080}, periodSeconds: 1, timeoutSeconds: 10}
YAML
run rollout status deployment/web --timeout=180s
mapfile -t pods < <(run get pods -l app=web -o jsonpath='{range .items[*]}{.metadata.name} {.status.podIP} {.spec.nodeName}{"\n"}{end}')
read -r first _ first_node <<<"${pods[0]}"
read -r second address second_node <<<"${pods[1]}"
[ "$first_node" != "$second_node" ]

step "From pod to pod, and from here"
[ "$(run exec "$first" -- wget -q -O - "http://$address:8080/")" = "$second" ]
[ "$(in_cluster curl --noproxy '*' -fsS --max-time 30 "http://$address:8080/")" = "$second" ]
[ "$(run logs "$first")" = started ]

step "The API server, as a pod's service account"
run create clusterrolebinding view --clusterrole=view --serviceaccount=default:default
# shellcheck disable=SC2016  # For the pod's shell.
run exec "$first" -- sh -c 'wget -q -O - --no-check-certificate \
    --header "Authorization: Bearer $(cat /var/run/secrets/kubernetes.io/serviceaccount/token)" \
    "https://$KUBERNETES_SERVICE_HOST:$KUBERNETES_SERVICE_PORT/api/v1/namespaces/default/pods"' |
    jq -e '.items | length >= 2' >/dev/null

step "Containers outlive kubelet, containerd and API server"
started() { run get pod "$first" -o jsonpath='{.status.containerStatuses[0].containerID}'; }
before=$(started)
"$here/ctl.sh" "$dir" kill kubelet "${first_node#node-}"
"$here/ctl.sh" "$dir" kill containerd "${first_node#node-}"
"$here/ctl.sh" "$dir" start containerd "${first_node#node-}"
"$here/ctl.sh" "$dir" start kubelet "${first_node#node-}"
"$here/ctl.sh" "$dir" restart apiserver
kube_wait 120 "exec after the restarts" run exec "$first" -- true
[ "$(started)" = "$before" ]

step "The images, in restricted pods"
"$here/load-image.sh" "$dir" "$images"/{templating,templating-operator,kubectl-templating}.tar
restricted_pod() { # NAME IMAGE WHAT-IT-RUNS
    cat <<YAML
---
apiVersion: v1
kind: Pod
metadata: {name: $1}
spec:
  restartPolicy: Never
  automountServiceAccountToken: false
  securityContext: {runAsNonRoot: true, seccompProfile: {type: RuntimeDefault}}
  containers:
  - name: check
    image: localhost/$2:dev
    imagePullPolicy: Never
    $3
    securityContext: {allowPrivilegeEscalation: false, readOnlyRootFilesystem: true, capabilities: {drop: [ALL]}}
YAML
}
{
    restricted_pod node-image templating 'command: [sh, -euc, "templating version; qemu-system-x86_64 --version; setpriv --version; prlimit --version"]'
    restricted_pod operator-image templating-operator \
        'command: [sh, -euc, "test -x /usr/bin/templating-operator; ls /usr/lib/x86_64-linux-gnu/libssl.so.3"]'
    restricted_pod kubectl-image kubectl-templating 'args: [load, list]'
} | run apply -f -
ended() { run get pod "$1" -o jsonpath='{.status.phase}' | grep -qE '^(Succeeded|Failed)$'; }
for pod in node-image operator-image kubectl-image; do
    kube_wait 180 "$pod" ended "$pod"
    run logs "$pod"
    [ "$(run get pod "$pod" -o jsonpath='{.status.phase}')" = Succeeded ]
done

step "Down, nothing is left"
"$here/down.sh" "$dir"
nothing_left "$name"
