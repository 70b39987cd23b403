# shellcheck shell=bash
# The control plane's programs: how each is started, and when it is ready. To be sourced after lib.sh and pki.sh.
# DIR/settings says where they listen: ADDRESS, PORT (of the API server).

cp_names() { echo etcd apiserver controller-manager scheduler; }

# Makes keys and kubeconfigs: cp_prepare DIR ADDRESS PORT
cp_prepare() {
    local dir=$1 address=$2 port=$3 pki=$1/pki token name
    mkdir -p "$pki" "$dir/etcd"
    # etcd asks for it, and it keeps the keys from other users.
    chmod 700 "$pki" "$dir/etcd"
    printf 'ADDRESS=%s\nPORT=%s\n' "$address" "$port" >"$dir/settings"
    pki_authority "$pki" templating-kube
    pki_certificate "$pki" apiserver /CN=kube-apiserver "IP:$address,IP:127.0.0.1,IP:$KUBE_SERVICE,IP:$KUBE_GATEWAY,\
DNS:localhost,DNS:kubernetes,DNS:kubernetes.default,DNS:kubernetes.default.svc"
    pki_certificate "$pki" kubelet-client /O=system:masters/CN=kube-apiserver-kubelet-client
    pki_certificate "$pki" front-proxy /CN=front-proxy
    for name in controller-manager scheduler; do
        pki_certificate "$pki" $name /CN=system:kube-$name
        pki_kubeconfig "$pki" "$pki/$name.kubeconfig" "https://$address:$port" $name
    done
    token=$(openssl rand -hex 16)
    echo "$token,admin,admin,system:masters" >"$pki/tokens.csv"
    cat >"$dir/kubeconfig" <<YAML
apiVersion: v1
kind: Config
clusters:
- name: local
  cluster:
    server: https://$address:$port
    certificate-authority-data: $(base64 -w0 <"$pki/ca.crt")
users:
- name: admin
  user: {token: $token}
contexts:
- name: local
  context: {cluster: local, user: admin}
current-context: local
YAML
    chmod 600 "$dir/kubeconfig"
}

# cp_start DIR NAME: starts one program, and comes back at once.
cp_start() {
    local dir=$1 pki=$1/pki bin ADDRESS PORT extra=()
    # shellcheck disable=SC1091  # Made by cp_prepare.
    . "$dir/settings"
    bin=$(kube_bin kube-apiserver)
    case $2 in
        etcd)
            kube_start "$dir" control-plane etcd "$bin/etcd" --data-dir "$dir/etcd" --unsafe-no-fsync \
                --listen-client-urls "http://$ADDRESS:2379" --advertise-client-urls "http://$ADDRESS:2379" \
                --listen-peer-urls "http://$ADDRESS:2380" --initial-advertise-peer-urls "http://$ADDRESS:2380" \
                --initial-cluster "default=http://$ADDRESS:2380"
            ;;
        apiserver)
            # Without a controller manager nobody makes the accounts that this plugin asks for.
            [ -e "$dir/controllers" ] || extra+=(--disable-admission-plugins=ServiceAccount)
            # A lost node's pods go after this many seconds, so that a test need not wait for the usual five minutes.
            kube_start "$dir" control-plane apiserver "$bin/kube-apiserver" --etcd-servers="http://$ADDRESS:2379" \
                --bind-address="$([ -e "$dir/nodes" ] && echo 0.0.0.0 || echo "$ADDRESS")" \
                --advertise-address="$ADDRESS" --secure-port="$PORT" --endpoint-reconciler-type=none \
                --service-cluster-ip-range="$KUBE_SERVICES" --allow-privileged \
                --authorization-mode=Node,RBAC --enable-admission-plugins=NodeRestriction "${extra[@]}" \
                --tls-cert-file="$pki/apiserver.crt" --tls-private-key-file="$pki/apiserver.key" \
                --client-ca-file="$pki/ca.crt" --token-auth-file="$pki/tokens.csv" \
                --service-account-issuer=https://kubernetes.default.svc \
                --service-account-signing-key-file="$pki/service-accounts.key" \
                --service-account-key-file="$pki/service-accounts.key" \
                --kubelet-certificate-authority="$pki/ca.crt" --kubelet-preferred-address-types=InternalIP \
                --kubelet-client-certificate="$pki/kubelet-client.crt" --kubelet-client-key="$pki/kubelet-client.key" \
                --requestheader-client-ca-file="$pki/ca.crt" --requestheader-allowed-names=front-proxy \
                --requestheader-username-headers=X-Remote-User --requestheader-group-headers=X-Remote-Group \
                --requestheader-extra-headers-prefix=X-Remote-Extra- \
                --proxy-client-cert-file="$pki/front-proxy.crt" --proxy-client-key-file="$pki/front-proxy.key" \
                --default-not-ready-toleration-seconds=10 --default-unreachable-toleration-seconds=10
            ;;
        controller-manager)
            # --port=0: else 1.20 answers without a certificate on all addresses.
            kube_start "$dir" control-plane controller-manager "$(kube_bin kube-controller-manager)/kube-controller-manager" \
                --kubeconfig="$pki/controller-manager.kubeconfig" --bind-address="$ADDRESS" --port=0 --leader-elect=false \
                --use-service-account-credentials --service-account-private-key-file="$pki/service-accounts.key" \
                --root-ca-file="$pki/ca.crt" --cluster-signing-cert-file="$pki/ca.crt" \
                --cluster-signing-key-file="$pki/ca.key" \
                --node-monitor-period=1s --node-monitor-grace-period=20s --pod-eviction-timeout=10s
            ;;
        scheduler)
            kube_start "$dir" control-plane scheduler "$(kube_bin kube-scheduler)/kube-scheduler" \
                --kubeconfig="$pki/scheduler.kubeconfig" --bind-address="$ADDRESS" --port=0 --leader-elect=false
            ;;
        *) kube_fail "Found $2, expected one of: $(cp_names)." ;;
    esac
}

# Is the API server (or etcd) ready? cp_ready DIR NAME
cp_ready() {
    local dir=$1 ADDRESS PORT init url
    # shellcheck disable=SC1091  # Made by cp_prepare.
    . "$dir/settings"
    init=$(kube_init "$dir" control-plane) || return 1
    case $2 in
        etcd) url=http://$ADDRESS:2379/health ;;
        apiserver) url=https://$ADDRESS:$PORT/readyz ;;
        *) return 0 ;;
    esac
    nsenter --target "$init" --net -- curl --noproxy '*' -fsS --max-time 5 --cacert "$dir/pki/ca.crt" \
        -H "Authorization: Bearer $(cut -d, -f1 <"$dir/pki/tokens.csv")" "$url"
}

# Starts etcd and the API server, and the controllers where DIR/controllers is there; comes back when they are ready.
cp_up() {
    local dir=$1
    cp_start "$dir" etcd
    kube_wait 120 "etcd" cp_ready "$dir" etcd
    cp_start "$dir" apiserver
    kube_wait 240 "the API server" cp_ready "$dir" apiserver
    [ -e "$dir/controllers" ] || return 0
    # Not before: it gives up when there is no API server for 10 s.
    cp_start "$dir" controller-manager
    [ ! -e "$dir/nodes" ] || cp_start "$dir" scheduler
}

# Makes the namespaces of the control plane (--net: with a network of its own) and notes their first process.
cp_namespaces() {
    local dir=$1 before init
    shift
    KUBE_CLUSTER=$(cat "$dir/name") KUBE_DIR=$dir setsid unshare --mount --pid "$@" --fork --mount-proc --kill-child -- \
        "$KUBE_HERE/init-control-plane.sh" "$@" </dev/null >>"$dir/log/control-plane.log" 2>&1 &
    before=$!
    disown
    kube_wait 60 "the control plane's namespaces" kube_find_init "$before"
    init=$(kube_find_init "$before")
    echo "$init" >"$dir/run/control-plane.init"
}
