#!/usr/bin/env bash
# Shows Templating on a real Kubernetes of two nodes on this machine (eng/demo.sh --kubernetes): a template ready on both,
# a pool of waiting VMs, five clones (warm as long as the pool has some, then cold), each answering HTTP on its pod's IP
# with its own identity and its Secret, and VM pods of a plain Deployment beside them.
#
# Builds what is missing (Kubernetes itself from Debian's sources: about 8 minutes, once) and keeps it in .cache/ and
# artifacts/. Everything else lies in one folder under /tmp, which it removes; it ends what it started.
set -euo pipefail
repo=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
cd "$repo"

bold=$(tput bold 2>/dev/null || true)
plain=$(tput sgr0 2>/dev/null || true)
step() { printf '\n%s== %s%s\n' "$bold" "$*" "$plain"; }
# Quiet where all goes well; its words where not.
quietly() {
    local log=$1
    shift
    "$@" >"$log" 2>&1 || {
        tail -n 40 "$log" >&2
        return 1
    }
}

home=$(mktemp -d /tmp/templating-demo.XXXXXX)
dir=$home/cluster
finish() {
    code=$?
    trap - EXIT
    if [ "$code" -ne 0 ] && [ -e "$dir/kubeconfig" ]; then
        kubectl get vmtemplates,vmpools,vmclones,pods -A -o wide >&2 || true
        kubectl get events -A --sort-by=.metadata.creationTimestamp 2>/dev/null | tail -n 20 >&2 || true
    fi
    [ ! -e "$dir" ] || eng/kube/down.sh "$dir" >&2 || true
    rm -rf "$home"
    exit "$code"
}
trap finish EXIT
trap 'exit 130' INT TERM
in_cluster() { eng/kube/in.sh "$dir" "$@"; }
kubectl() { in_cluster kubectl "$@"; }

step "Building what is missing (kept in .cache/ and artifacts/)"
mkdir -p .cache
quietly "$home/install.log" eng/install.sh
quietly "$home/guest.log" eng/guest/build.sh
quietly "$home/publish.log" eng/publish.sh --all
quietly "$home/kubernetes.log" eng/kube/build.sh
quietly "$home/images.log" eng/images/build.sh
echo "Guest image, executables, Kubernetes 1.20 and container images are there."

step "Bringing up Kubernetes: one control plane, two nodes"
eng/kube/up.sh "$dir"
kubectl get nodes -o wide

step "Installing the chart"
eng/kube/deploy.sh "$dir"
kubectl -n templating-system get pods -o wide

step "A template: each node boots it once and freezes it"
kubectl create namespace team-a
kubectl -n team-a create secret generic greeting --from-literal=text="only the clones of team-a know this"
kubectl apply -f - <<'YAML'
apiVersion: templating.dev/v1alpha1
kind: VMTemplate
metadata: {name: web, namespace: team-a}
spec:
  guest:
    kernel: {path: /var/lib/templating/guest/vmlinux}
    initrd: {path: /var/lib/templating/guest/initrd}
    images:
      - path: /var/lib/templating/guest/rootfs.img
    commandLine: console=ttyS0 quiet panic=-1 swiotlb=noforce tsc=reliable
  machine: {memory: 128Mi}
YAML
kubectl -n team-a wait --for=condition=Ready vmtemplate/web --timeout=300s
kubectl -n team-a get vmtemplates -o wide

step "A pool: three VMs wait, paused at the frozen moment"
kubectl apply -f - <<'YAML'
apiVersion: templating.dev/v1alpha1
kind: VMPool
metadata: {name: web, namespace: team-a}
spec: {template: web, replicas: 3}
YAML
kubectl -n team-a wait --for=condition=Ready vmpool/web --timeout=300s
kubectl -n team-a get vmpools -o wide

step "Five clones: warm as long as the pool has some, then cold"
for n in 1 2 3 4 5; do
    cat <<YAML
---
apiVersion: templating.dev/v1alpha1
kind: VMClone
metadata: {name: clone-$n, namespace: team-a}
spec:
  pool: web
  ports: [{guestPort: 80, port: 8080}]
  files:
    - {path: /run/www/greeting, secretKeyRef: {name: greeting, key: text}, mode: 292}
YAML
done | kubectl apply -f -
kubectl -n team-a wait --for=condition=Ready vmclone --all --timeout=300s
kubectl -n team-a get vmclones -o wide

step "Beside them a plain Deployment of VM pods, written by hand"
sed 's/web\.default\./web.team-a./' docs/kubernetes/samples/vm-deployment.yaml | kubectl apply -n team-a -f -
kubectl -n team-a rollout status deployment/by-deployment --timeout=300s

step "Each answers on its pod's IP, as itself; the clones with their Secret too"
kubectl -n team-a get vmclones -o json | jq -r '.items[] | "\(.metadata.name) \(.status.ip) \(.status.start)"' >"$home/addresses"
kubectl -n team-a get pods -l app=by-deployment -o json | jq -r '.items[] | "\(.metadata.name) \(.status.podIP) -"' >>"$home/addresses"
while read -r name ip start; do
    page=$(in_cluster curl -fsS --max-time 30 --retry 5 --retry-connrefused "http://$ip:8080/")
    greeting=
    [ "$start" = - ] || greeting=$(in_cluster curl -fsS --max-time 30 "http://$ip:8080/greeting")
    printf '%-28s %-13s %-5s hostname=%-28s machine-id=%.8s random=%.8s  %s\n' "$name" "$ip" "$start" \
        "$(jq -r .hostname <<<"$page")" "$(jq -r .machine_id <<<"$page")" "$(jq -r .random <<<"$page")" "$greeting"
done <"$home/addresses"

step "How long it took, by the operator's clock"
kubectl -n team-a get vmclones -o json |
    jq -r '.items | group_by(.status.start)[] | "\(.[0].status.start): \(map(.status.startSeconds * 1000 | round | tostring + " ms") | join(", ")) from created to ready"'

step "Everything there is"
kubectl -n team-a get vmtemplates,vmpools,vmclones,deployments,pods -o wide
PATH=$repo/artifacts/publish-kubectl:$PATH kubectl templating status -n team-a

step "Clean end: deleting the namespace takes everything along"
kubectl delete namespace team-a --timeout=180s
eng/kube/down.sh "$dir"
echo "Nothing is left running; $home is removed. Kept for the next time: .cache/, artifacts/."
