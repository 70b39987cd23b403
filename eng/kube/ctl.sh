#!/usr/bin/env bash
# Stops, kills and starts parts of a cluster, for tests of faults.
#
#   ctl.sh DIR stop|kill|start|restart etcd|apiserver|controller-manager|scheduler
#   ctl.sh DIR stop|kill|start|restart kubelet|containerd N     running pods live on
#   ctl.sh DIR kill|start node N                                all of it, at once; started again it keeps its disk
#
# stop sends SIGTERM, kill SIGKILL; both wait for the end. start waits until an API server or containerd answers.
set -Eeuo pipefail
trap 'echo "${BASH_SOURCE[0]}: line $LINENO: $BASH_COMMAND" >&2' ERR
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
for part in lib pki control-plane node; do
    # shellcheck disable=SC1090
    . "$here/$part.sh"
done
[ $# -ge 3 ] || { sed -n '2,8s/^# \{0,1\}//p' "$0" >&2; exit 2; }
dir=$(cd "$1" && pwd)
verb=$2
what=$3
n=${4:-}
kube_init "$dir" control-plane >/dev/null || kube_fail "No cluster runs in $dir."
nodes=$(cat "$dir/nodes" 2>/dev/null || echo 0)
case $what in
    kubelet | containerd | node)
        if ! [[ $n =~ ^[1-9]$ ]] || [ "$n" -gt "$nodes" ]; then
            kube_fail "Found node \"$n\", expected a number from 1 to $nodes."
        fi
        member=node-$n
        program=node-$n-$what
        ;;
    etcd | apiserver | controller-manager | scheduler)
        member=control-plane
        program=$what
        ;;
    *) kube_fail "Found $what, expected etcd, apiserver, controller-manager, scheduler, kubelet, containerd or node." ;;
esac

begin() {
    [ ! -e "$dir/run/$program.pid" ] || kube_fail "$program was started already: stop it first."
    if [ "$member" = control-plane ]; then
        cp_start "$dir" "$what"
        kube_wait 240 "$what" cp_ready "$dir" "$what"
    else
        node_start "$dir" "$n" "$what"
        [ "$what" = kubelet ] || kube_wait 120 "containerd" node_run "$dir" "$n" ctr version
    fi
}

node_is_gone() {
    ! kill -0 "$1" 2>/dev/null
}

case $verb-$what in
    kill-node)
        if init=$(kube_init "$dir" "$member"); then
            kill -KILL "$init"
            kube_wait 60 "the end of $member" node_is_gone "$init"
        fi
        rm -f "$dir/run/$member".init "$dir/run/$member"-*.pid
        ;;
    start-node)
        ! kube_init "$dir" "$member" >/dev/null || kube_fail "$member runs already."
        node_up "$dir" "$n" "$nodes" >>"$dir/log/$member-up.log" 2>&1
        node_start "$dir" "$n" kubelet
        ;;
    stop-*) kube_end "$dir" "$member" "$program" TERM ;;
    kill-*) kube_end "$dir" "$member" "$program" KILL ;;
    start-*) begin ;;
    restart-*)
        kube_end "$dir" "$member" "$program" TERM
        begin
        ;;
    *) kube_fail "Found $verb $what, expected stop, kill, start or restart (of a node: kill or start)." ;;
esac
