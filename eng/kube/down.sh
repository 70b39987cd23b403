#!/usr/bin/env bash
# Ends a cluster of up.sh or api.sh, whatever state it is in: processes, namespaces (with their mounts and interfaces),
# cgroups, data. Its logs stay. Succeeds where there is none.
#
#   down.sh [--purge] DIR
#
#   --purge   remove DIR with the logs, too
set -Eeuo pipefail
trap 'echo "${BASH_SOURCE[0]}: line $LINENO: $BASH_COMMAND" >&2' ERR
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
# shellcheck source=SCRIPTDIR/lib.sh
. "$here/lib.sh"

purge=
[ "${1:-}" != --purge ] || { purge=1; shift; }
dir=${1:?A folder is missing: down.sh [--purge] DIR}
[ -e "$dir/name" ] || { [ -z "$purge" ] || rm -rf "${dir:?}/log"; rmdir "$dir" 2>/dev/null || true; exit 0; }
dir=$(cd "$dir" && pwd)
name=$(cat "$dir/name")
[[ $name =~ ^templating-kube-[0-9a-f]{12}$ ]] || kube_fail "Found \"$name\" in $dir/name, which is no cluster's name."

# With the first process of a pid namespace the kernel ends all others in it, containers' too. A process that is ending has
# no environment any more, so each that was found is waited for by its pid; a zombie is over, its parent may take its time.
ending=()
none_left() {
    local pids pid state
    mapfile -t pids < <(kube_processes "$name")
    if [ ${#pids[@]} -gt 0 ]; then
        kill -KILL "${pids[@]}" 2>/dev/null || true
        ending+=("${pids[@]}")
        return 1
    fi
    for pid in "${ending[@]}"; do
        state=$(sed 's/.*) //; s/ .*//' "/proc/$pid/stat" 2>/dev/null) || continue
        [ "$state" = Z ] || return 1
    done
}
kube_wait 60 "the end of $name's processes" none_left
kube_wait 60 "the end of $name's cgroups" kube_remove_cgroup "$name"
rm -rf --one-file-system "$dir"/{run,pki,etcd,settings,controllers,nodes,kubeconfig} "$dir"/node-[0-9]
rm "$dir/name"
[ -z "$purge" ] || rm -rf "$dir"
echo "$name is gone."
