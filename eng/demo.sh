#!/usr/bin/env bash
# Shows the whole service on this machine: a template, clones of it, and what makes them safe.
#
#   eng/demo.sh [--clones N]        8 clones by default
#   eng/demo.sh --kubernetes        the same on a real Kubernetes of two nodes, see eng/kube/demo.sh
#
# Installs what is missing (QEMU from Debian's packages), builds the guest image and the `templating` executable, and
# keeps both for the next time in .cache/ and artifacts/. Everything else it makes lies in one folder under /tmp, which
# it names and removes. It ends what it started, also when it is interrupted.
set -euo pipefail
repo=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
cd "$repo"

clones=8
while [ $# -gt 0 ]; do
    case $1 in
        --clones)
            clones=${2:?--clones needs a number}
            shift
            ;;
        --kubernetes) exec eng/kube/demo.sh ;;
        -h | --help)
            sed -n '2,9s/^# \{0,1\}//p' "$0"
            exit 0
            ;;
        *)
            echo "Found option $1, expected --clones N or --kubernetes." >&2
            exit 2
            ;;
    esac
    shift
done
if ! [[ $clones =~ ^[1-9][0-9]{0,2}$ ]]; then
    echo "Found --clones $clones, expected a number from 1 to 999." >&2
    exit 2
fi

bold=$(tput bold 2>/dev/null || true)
plain=$(tput sgr0 2>/dev/null || true)
step() { printf '\n%s== %s%s\n' "$bold" "$*" "$plain"; }

step "Installing what is missing"
eng/install.sh

step "Building the guest image (kept in .cache/guest)"
eng/guest/build.sh
guest=$repo/.cache/guest
[ -z "${TEMPLATING_CACHE:-}" ] || guest=$TEMPLATING_CACHE/guest

step "Building the executable (kept in artifacts/)"
eng/publish.sh
templating=$repo/artifacts/publish/templating

# Short, because the sockets below it must fit a Unix socket's 107 bytes.
home=$(mktemp -d /tmp/templating-demo.XXXXXX)
chmod 0755 "$home"
export TEMPLATING_ADDRESS=unix://$home/run/templating.sock TEMPLATING_TENANT=demo
daemon=
finish() {
    code=$?
    trap - EXIT
    if [ -n "$daemon" ] && kill -0 "$daemon" 2>/dev/null; then
        "$templating" clone stop --all >/dev/null 2>&1 || true
        kill "$daemon" 2>/dev/null || true
        wait "$daemon" 2>/dev/null || true
    fi
    [ "$code" -eq 0 ] || { [ ! -s "$home/log" ] || { echo "The daemon's log ended with:" && tail -n 20 "$home/log"; } >&2; }
    rm -rf "$home"
    exit "$code"
}
trap finish EXIT
trap 'exit 130' INT TERM

step "Starting the node daemon (folder $home, socket ${TEMPLATING_ADDRESS#unix://})"
"$templating" serve --store-path "$home/store" --run-path "$home/run" >"$home/log" 2>&1 &
daemon=$!
for _ in $(seq 200); do
    "$templating" node info >/dev/null 2>&1 && break
    kill -0 "$daemon" 2>/dev/null || exit 1
    sleep 0.05
done
"$templating" node info

step "Making a template: boot once, wait until the guest is ready, freeze"
# iomem=relaxed lets the guest attack its own image below; it weakens the guest, not the host.
"$templating" template create debian \
    --kernel "$guest/vmlinux" --initrd "$guest/initrd" --image "$guest/rootfs.img" \
    --append "console=ttyS0 quiet panic=-1 swiotlb=noforce tsc=reliable iomem=relaxed" \
    --memory 256MiB --forward 80 --warm-up 'wget -q -O /dev/null http://127.0.0.1/ || true'

step "Starting $clones clones"
"$templating" clone create debian --count "$clones"

step "One HTTP answer from each clone, with the milliseconds it took"
"$templating" clone list -o json >"$home/clones.json"
jq -r '.clones[] | "\(.id) \(.network.forwards[0].hostPort)"' "$home/clones.json" | while read -r id port; do
    answer=$(curl -fsS --max-time 30 -w ' %{time_total}' "http://127.0.0.1:$port/")
    printf '%-18s 127.0.0.1:%-5s %6.1f ms  %s\n' "$id" "$port" \
        "$(jq -n "${answer##* } * 1000")" "$(jq -c . <<<"${answer% *}")"
done

step "What they cost the host (MiB): PSS divides each shared page by its users"
printf '%-18s %8s %8s %8s %22s\n' CLONE PSS SHARED PRIVATE "PRIVATE OF ITS RAM"
jq -r '.clones[].id' "$home/clones.json" | while read -r id; do
    "$templating" clone show "$id" --memory -o json
done | jq -r '[.id] + [.memory | .proportional, .shared, .private, .ramPrivate | tonumber / 1048576] | @tsv' |
    while IFS=$'\t' read -r id pss shared private ram; do
        printf '%-18s %8.1f %8.1f %8.1f %22.1f\n' "$id" "$pss" "$shared" "$private" "$ram"
    done
first=$(jq -r '.clones[0].id' "$home/clones.json")

step "A hostile clone writes over its root image (an NVDIMM) 200 times"
"$templating" clone exec "$first" -- templating-attack-nvdimm 200
"$templating" clone show "$first" --memory -o json |
    jq -r '"It cost the host \((.memory.imagePrivate // "0" | tonumber) / 1024) kB."'

step "Boot time against clone time, each alone on the machine"
"$templating" clone create debian --id alone >/dev/null
"$templating" clone show alone -o json >"$home/alone.json"
"$templating" template show debian -o json | jq -r --slurpfile alone "$home/alone.json" '
    def seconds: rtrimstr("s") | tonumber;
    ([.phases[] | select(.name == "boot" or .name == "ready") | .duration | seconds] | add) as $boot
    | ($alone[0].total | seconds) as $clone
    | "Booting to ready took \($boot * 1000 | round) ms, a clone to ready \($clone * 1000 | round) ms: \($boot / $clone | round) times faster."'

step "Clean end"
"$templating" clone stop --all --grace 10s
"$templating" template verify debian
kill "$daemon"
wait "$daemon" || true
daemon=
echo "Nothing is left running; $home is removed. Kept for the next time: $guest, artifacts/."
