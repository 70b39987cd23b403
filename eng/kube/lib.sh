# shellcheck shell=bash
# shellcheck disable=SC2034  # The constants are for those who source this.
# What the scripts of a local cluster share. To be sourced; expects `set -euo pipefail`.
#
# A cluster's folder DIR:
#   name          the cluster's name, templating-kube-RANDOM: its cgroup, and KUBE_CLUSTER in each process' environment
#   kubeconfig    for people and tests, as cluster administrator
#   pki/          the authority, certificates and the components' own kubeconfigs
#   run/          NAME.init: pid (on the host) of the first process of the control plane's or a node's namespaces;
#                 NAME.pid: pid (in those namespaces) of a program that runs there
#   log/          a file for each program
#   etcd/         the API server's data
#   node-N/       the node's root folder; its /var stays when the node is killed and started again

kube_fail() {
    echo "$1" >&2
    exit 1
}

KUBE_HERE=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
mkdir -p "${TEMPLATING_CACHE:-$KUBE_HERE/../../.cache}"
KUBE_CACHE=$(cd "${TEMPLATING_CACHE:-$KUBE_HERE/../../.cache}" && pwd)/kube
export KUBE_CACHE
PATH=$PATH:/usr/sbin:/sbin

# Addresses, all in network namespaces of the cluster's own: clusters never meet.
readonly KUBE_GATEWAY=172.30.0.1      # the control plane, as the nodes see it
readonly KUBE_SERVICE=10.0.0.1        # the Service `kubernetes`, which pods find in their environment
readonly KUBE_SERVICES=10.0.0.0/24
kube_node_address() { echo "172.30.0.$((10 + $1))"; }
kube_node_pods() { echo "10.244.$1.0/24"; }

# Does KUBEBUILDER_ASSETS have these programs, of the version whose options we use?
kube_assets_complete() {
    local name
    for name in "$@" etcd; do
        [ -x "$KUBEBUILDER_ASSETS/$name" ] || return 1
    done
    [[ $("$KUBEBUILDER_ASSETS/kube-apiserver" --version) == *" v1.20."* ]]
}

# The folder with the programs named.
kube_bin() {
    if [ -n "${KUBEBUILDER_ASSETS:-}" ] && kube_assets_complete "$@"; then
        echo "$KUBEBUILDER_ASSETS"
        return
    fi
    local name
    for name in "$@" etcd; do
        [ -x "$KUBE_CACHE/bin/$name" ] || kube_fail "Found no $name in $KUBE_CACHE/bin: run eng/kube/build.sh."
    done
    echo "$KUBE_CACHE/bin"
}

# Repeats a command until it succeeds: kube_wait SECONDS WHAT COMMAND...
kube_wait() {
    local deadline=$((SECONDS + $1)) what=$2
    shift 2
    until "$@" >/dev/null 2>&1; do
        [ "$SECONDS" -lt "$deadline" ] || { echo "Waited in vain for $what." >&2; return 1; }
        sleep 0.1
    done
}

# The host's processes that belong to a cluster (containers' own, in their namespaces, end with these).
kube_processes() {
    local file
    { grep -lzsxF "KUBE_CLUSTER=$1" /proc/[0-9]*/environ || true; } | while read -r file; do
        file=${file#/proc/}
        echo "${file%/environ}"
    done
}

kube_children() {
    cat "/proc/$1/task/$1/children" 2>/dev/null && echo
}

# The pid, as the host sees it, of the first process of `control-plane` or `node-N`. Fails when it is gone.
kube_init() {
    local pid
    pid=$(cat "$1/run/$2.init" 2>/dev/null) || return 1
    grep -qzsxF "KUBE_CLUSTER=$(cat "$1/name")" "/proc/$pid/environ" || return 1
    echo "$pid"
}

# The first process made by PID (`nsenter` and `unshare` stand before it), once it has become `pause`.
kube_find_init() {
    local pid=$1 next
    while read -r next _ < <(kube_children "$pid") && [ -n "$next" ]; do
        pid=$next
    done
    [ "$pid" != "$1" ] && [ "$(cat "/proc/$pid/comm" 2>/dev/null)" = pause ] && echo "$pid"
}

# Starts a program in the namespaces of DIR's MEMBER, its output appended to log/NAME.log, and notes its pid there:
#   kube_start DIR MEMBER NAME COMMAND...
kube_start() {
    local dir=$1 member=$2 name=$3 init
    shift 3
    init=$(kube_init "$dir" "$member") || { echo "$member of $dir is gone." >&2; return 1; }
    # shellcheck disable=SC2016  # For the inner shell.
    KUBE_CLUSTER=$(cat "$dir/name") nsenter --target "$init" --mount --uts --ipc --net --pid --wdns=/ -- \
        /bin/sh -c 'setsid "$@" </dev/null >&3 2>&1 3>&- & echo $!' sh "$@" 3>>"$dir/log/$name.log" >"$dir/run/$name.pid.new"
    mv "$dir/run/$name.pid.new" "$dir/run/$name.pid"
}

# Ends a program started so, and waits for it: kube_end DIR MEMBER NAME TERM|KILL. An API server asked to end would wait a
# minute for its watches; after 5 s it is not asked any more.
kube_end() {
    local dir=$1 member=$2 name=$3 init pid
    init=$(kube_init "$dir" "$member") || { echo "$member of $dir is gone." >&2; return 1; }
    pid=$(cat "$dir/run/$name.pid" 2>/dev/null) || return 0
    kube_signal "$init" "$4" "$pid" || true
    kube_wait 5 "" kube_ended "$init" "$pid" 2>/dev/null || kube_signal "$init" KILL "$pid" || true
    kube_wait 30 "the end of $name" kube_ended "$init" "$pid"
    rm -f "$dir/run/$name.pid"
}

kube_signal() {
    nsenter --target "$1" --pid --mount --wdns=/ -- /bin/sh -c "kill -$2 $3" 2>/dev/null
}

kube_ended() {
    ! kube_signal "$1" 0 "$2"
}

# Folders of this cluster's cgroups: one for each hierarchy of version 1, or the one of version 2.
kube_cgroup_roots() {
    if [ -e /sys/fs/cgroup/cgroup.controllers ]; then
        echo /sys/fs/cgroup
    else
        # Links (cpu -> cpu,cpuacct) name the same hierarchy twice.
        find /sys/fs/cgroup -mindepth 1 -maxdepth 1 -type d
    fi
}

# The kubelet makes its own below, but expects the root it is given.
kube_make_cgroup() {
    local path=$1 root part name controller
    while read -r root; do
        part=$root
        while read -r name; do
            if [ -e "$part/cgroup.subtree_control" ] && [ "$root" = /sys/fs/cgroup ]; then
                while read -r controller; do
                    echo "+$controller" >"$part/cgroup.subtree_control" 2>/dev/null || true
                done < <(tr ' ' '\n' <"$part/cgroup.controllers")
            fi
            mkdir -p "$part/$name"
            # Version 1 leaves them empty, and then no process may enter.
            if [ -e "$part/$name/cpuset.cpus" ] && [ "$root" != /sys/fs/cgroup ]; then
                [ -n "$(cat "$part/$name/cpuset.cpus")" ] || cat "$part/cpuset.cpus" >"$part/$name/cpuset.cpus"
                [ -n "$(cat "$part/$name/cpuset.mems")" ] || cat "$part/cpuset.mems" >"$part/$name/cpuset.mems"
            fi
            part=$part/$name
        done < <(tr / '\n' <<<"$path")
    done < <(kube_cgroup_roots)
}

kube_remove_cgroup() {
    local root left=
    while read -r root; do
        [ -d "$root/$1" ] || continue
        find "$root/$1" -depth -type d -exec rmdir {} + 2>/dev/null || true
        [ ! -d "$root/$1" ] || left=1
    done < <(kube_cgroup_roots)
    [ -z "$left" ]
}

# Makes DIR ready for a new cluster: kube_open DIR. Refuses where one runs; removes what a dead one left.
kube_open() {
    local dir=$1
    if [ -e "$dir/name" ]; then
        if kube_init "$dir" control-plane >/dev/null; then
            kube_fail "A cluster runs in $dir already: eng/kube/down.sh $dir ends it."
        fi
        "$KUBE_HERE/down.sh" "$dir" >/dev/null
    elif [ -d "$dir" ] && [ -n "$(find "$dir" -mindepth 1 -maxdepth 1 ! -name log | head -n 1)" ]; then
        kube_fail "$dir holds something else: name a folder that is empty or not there."
    fi
    rm -rf "$dir/log"
    mkdir -p "$dir/run" "$dir/log"
    # Before anything is started: down.sh finds all by it.
    echo "templating-kube-$(od -An -N6 -tx1 /dev/urandom | tr -d ' \n')" >"$dir/name"
}

# The ends of all logs, for a person who asks why.
kube_tails() {
    local log
    for log in "$1"/log/*.log; do
        [ -s "$log" ] || continue
        echo "== ${log##*/}"
        tail -n 15 "$log" | cut -c -400
    done >&2
}
