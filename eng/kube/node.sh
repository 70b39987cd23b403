# shellcheck shell=bash
# A node: its namespaces, network and programs. To be sourced after lib.sh and pki.sh.

# node_prepare DIR N NODES: what stays when the node is killed and started again.
node_prepare() {
    local dir=$1 n=$2 root=$1/node-$2 address other kubernetes
    # shellcheck disable=SC2034
    address=$(kube_node_address "$n")
    kubernetes=$root/etc/kubernetes
    mkdir -p "$kubernetes" "$root/etc/cni/net.d"
    pki_certificate "$dir/pki" "node-$n" "/O=system:nodes/CN=system:node:node-$n" "IP:$address,IP:127.0.0.1,DNS:node-$n"
    pki_kubeconfig "$dir/pki" "$kubernetes/kubelet.kubeconfig" "https://$KUBE_GATEWAY:443" "node-$n"
    cp "$dir/pki/ca.crt" "$kubernetes/ca.crt"
    cp "$dir/pki/node-$n.crt" "$kubernetes/kubelet.crt"
    cp "$dir/pki/node-$n.key" "$kubernetes/kubelet.key"
    cp "$KUBE_HERE/config/kubelet.yaml" "$kubernetes/kubelet.yaml"
    cp "$KUBE_HERE/config/containerd.toml" "$kubernetes/containerd.toml"
    sed "s#@PODS@#$(kube_node_pods "$n")#" "$KUBE_HERE/config/pods.conflist" >"$root/etc/cni/net.d/pods.conflist"
    echo "node-$n" >"$root/etc/hostname"
    openssl rand -hex 16 >"$root/etc/machine-id"
    # No name server: nothing here has names but these.
    echo "options timeout:1 attempts:1" >"$root/etc/resolv.conf"
    {
        echo "127.0.0.1 localhost"
        for other in $(seq "$3"); do
            echo "$(kube_node_address "$other") node-$other"
        done
    } >"$root/etc/hosts"
}

# Namespaces inside the control plane's: node_namespaces DIR N NODES
node_namespaces() {
    local dir=$1 n=$2 control before init other enter
    control=$(kube_init "$dir" control-plane)
    KUBE_CLUSTER=$(cat "$dir/name") setsid nsenter --target "$control" --pid -- \
        unshare --mount --uts --ipc --net --pid --fork --kill-child -- \
        "$KUBE_HERE/init-node.sh" "$dir/node-$n" "node-$n" </dev/null >>"$dir/log/node-$n.log" 2>&1 &
    before=$!
    disown
    kube_wait 60 "node-$n's namespaces" kube_find_init "$before"
    init=$(kube_find_init "$before")
    echo "$init" >"$dir/run/node-$n.init"

    # The name goes with the namespace, but not at once: a node that is started again may find its predecessor's.
    enter=(nsenter --target "$control" --net --)
    "${enter[@]}" ip link delete "node-$n" 2>/dev/null || true
    "${enter[@]}" ip link add "node-$n" type veth peer name eth0 netns "$init"
    "${enter[@]}" ip link set "node-$n" master nodes up
    "${enter[@]}" ip route replace "$(kube_node_pods "$n")" via "$(kube_node_address "$n")"
    enter=(nsenter --target "$init" --net --)
    "${enter[@]}" ip address add "$(kube_node_address "$n")/24" dev eth0
    "${enter[@]}" ip link set eth0 up
    "${enter[@]}" ip route add default via "$KUBE_GATEWAY"
    for other in $(seq "$3"); do
        [ "$other" = "$n" ] || "${enter[@]}" ip route add "$(kube_node_pods "$other")" via "$(kube_node_address "$other")"
    done
}

# node_start DIR N containerd|kubelet
node_start() {
    local dir=$1 n=$2
    case $3 in
        containerd)
            kube_start "$dir" "node-$n" "node-$n-containerd" env -i PATH=/opt/kube/root/usr/bin:/opt/kube/root/usr/sbin:/usr/sbin:/usr/bin:/sbin:/bin:/opt/bin \
                KUBE_CLUSTER="$(cat "$dir/name")" LD_LIBRARY_PATH=/opt/kube/root/usr/lib/x86_64-linux-gnu \
                /opt/kube/root/usr/bin/containerd --config /etc/kubernetes/containerd.toml
            ;;
        kubelet)
            # Else it asks a cloud's metadata service who it is.
            kube_start "$dir" "node-$n" "node-$n-kubelet" env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin \
                KUBE_CLUSTER="$(cat "$dir/name")" AWS_EC2_METADATA_DISABLED=true \
                /opt/assets/kubelet --config=/etc/kubernetes/kubelet.yaml --kubeconfig=/etc/kubernetes/kubelet.kubeconfig \
                --hostname-override="node-$n" --node-ip="$(kube_node_address "$n")" \
                --cgroup-root="/$(cat "$dir/name")/node-$n" --root-dir=/var/lib/kubelet \
                --container-runtime=remote --container-runtime-endpoint=unix:///run/containerd/containerd.sock --v=2
            ;;
        *) kube_fail "Found $3, expected containerd or kubelet." ;;
    esac
}

# node_run DIR N COMMAND...: in the node's namespaces, as root there.
node_run() {
    local init dir=$1 n=$2
    shift 2
    init=$(kube_init "$dir" "node-$n") || { echo "node-$n of $dir is gone." >&2; return 1; }
    nsenter --target "$init" --mount --uts --ipc --net --pid --wdns=/ -- env \
        PATH="/opt/kube/root/usr/bin:/opt/kube/root/usr/sbin:/opt/kube/bin:/usr/sbin:/usr/bin:/sbin:/bin" \
        LD_LIBRARY_PATH=/opt/kube/root/usr/lib/x86_64-linux-gnu \
        CONTAINERD_NAMESPACE=k8s.io "$@"
}

# node_load DIR N ARCHIVE...: imports image archives.
node_load() {
    local dir=$1 n=$2 archive
    shift 2
    for archive in "$@"; do
        node_run "$dir" "$n" ctr images import --snapshotter overlayfs - <"$archive"
    done
}

# node_up DIR N NODES: namespaces, containerd with the pause image, kubelet.
node_up() {
    local dir=$1 n=$2
    kube_make_cgroup "$(cat "$dir/name")/node-$n"
    node_namespaces "$@"
    node_start "$dir" "$n" containerd
    kube_wait 120 "containerd of node-$n" node_run "$dir" "$n" ctr version
    node_load "$dir" "$n" "$KUBE_CACHE"/images/*.tar
}
