#!/usr/bin/env bash
# Everything a change has to pass, for people and CI alike: tools, guest image, build without warnings, format, scripts,
# published executables, unit and integration tests, the benchmark's page in a browser, fuzzing, attacks on the daemon, guest image
# check, demo; then a real Kubernetes: operator tests on its API server, the chart, container images, cluster tests on two nodes, and
# the demo there. Needs root (it installs what is missing, and VMs run as users of their own) and the .NET 10 SDK. Works again and
# again; what is up to date is not made anew.
#
# Ends with the line "N passed, N failed", and with success only when something ran and nothing failed. Results of the
# tests: artifacts/test-results/*.trx; what each other step said: artifacts/test-results/STEP.log.
# shellcheck disable=SC2317  # Functions are called by name, through step.
set -uo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
cd "$here/.." || exit 1
exec </dev/null

export DOTNET_CLI_TELEMETRY_OPTOUT=1 DOTNET_NOLOGO=1 DOTNET_SKIP_FIRST_TIME_EXPERIENCE=1
# Build servers would outlive this run, and hold files of a checkout that CI is about to delete.
export MSBUILDDISABLENODEREUSE=1 UseSharedCompilation=false
results=$PWD/artifacts/test-results
passed=0
failed=0

rm -rf "$results"
mkdir -p "$results"

# Runs a step, its output into a log; shows the log's end where it fails. Each step counts as one test.
step() {
    local name=$1 start=$SECONDS
    shift
    if "$@" >"$results/$name.log" 2>&1; then
        passed=$((passed + 1))
        printf 'ok      %-12s %4d s\n' "$name" $((SECONDS - start))
        return 0
    fi
    failed=$((failed + 1))
    printf 'FAILED  %-12s %4d s\n' "$name" $((SECONDS - start))
    tail -n 60 "$results/$name.log" | sed 's/^/    /'
    return 1
}

finish() {
    echo "$passed passed, $failed failed"
    [ "$passed" -gt 0 ] && [ "$failed" -eq 0 ]
    exit
}

# shellcheck source=SCRIPTDIR/lib/tests.sh
. "$here/lib/tests.sh"

# The steps of tests are not counted: their tests are.
tests() {
    local name=$1 start=$SECONDS
    tests_run "$results" "$name" "tests/$2" >"$results/$name.log" 2>&1
    report "$name" "$start" "$?" "$name"
}

# Why a test failed that passed alone: the next unlucky moment has the same cause, and a machine of CI keeps no log.
tell_flaky() {
    local name
    for name in $1; do
        echo "FLAKY   $name"
        grep -F -m 1 -A 14 "Failed $name" "$2" | grep -vE '^ *(Passed|Skipped) ' | cut -c 1-400 | sed 's/^/    /'
    done
}

# report STEP START CODE RUN...: counts the runs of a step and tells what came of it.
report() {
    local step=$1 start=$2 code=$3 good bad flaky before=$failed run
    shift 3
    for run in "$@"; do
        read -r good bad flaky < <(tests_count "$results" "$run")
        passed=$((passed + good))
        failed=$((failed + bad))
        [ -z "$flaky" ] || tell_flaky "$flaky" "$results/$step.log"
    done
    [ "$code" -eq 0 ] || [ "$failed" -gt "$before" ] || failed=$((failed + 1))
    if [ "$failed" -gt "$before" ]; then
        printf 'FAILED  %-12s %4d s\n' "$step" $((SECONDS - start))
        # Where no test failed, the run did: its last words say how.
        grep -E -A 25 '^ *Failed ' "$results/$step.log" | grep -vE '^ *Passed ' | head -n 200 | sed 's/^/    /' |
            grep . || tail -n 30 "$results/$step.log" | sed 's/^/    /'
    else
        printf 'ok      %-12s %4d s\n' "$step" $((SECONDS - start))
    fi
}

# Each target counts as one test.
fuzz() {
    local start=$SECONDS code=0 good bad
    eng/fuzz.sh --seconds 36 >"$results/fuzz.log" 2>&1 || code=$?
    read -r good bad < <(sed -nE 's/^([0-9]+) passed, ([0-9]+) failed$/\1 \2/p' "$results/fuzz.log" | tail -n 1) || true
    passed=$((passed + ${good:-0}))
    failed=$((failed + ${bad:-0}))
    if [ "$code" -eq 0 ] && [ "${good:-0}" -gt 0 ]; then
        printf 'ok      %-12s %4d s\n' fuzz $((SECONDS - start))
    else
        [ "${bad:-0}" -gt 0 ] || failed=$((failed + 1))
        printf 'FAILED  %-12s %4d s\n' fuzz $((SECONDS - start))
        tail -n 60 "$results/fuzz.log" | sed 's/^/    /'
    fi
}

# Once more where it fails, as a test would be (lib/tests.sh): it has limits of time, and its guests are emulated.
guest_check() {
    eng/guest/check.sh && return
    [ "${TEMPLATING_NO_RETRY:-}" != 1 ] || return 1
    echo "Once more:"
    eng/guest/check.sh
}

check_guest() {
    step guest-check guest_check || return
    if grep -q '^Once more:' "$results/guest-check.log"; then
        echo "FLAKY   guest-check"
        sed '/^Once more:/q' "$results/guest-check.log" | grep -vE '^(ok|time) ' | tail -n 20 | sed 's/^/    /'
    fi
}

cluster_tests() {
    local start=$SECONDS
    TEMPLATING_RESULTS=$results eng/kube/test.sh >"$results/cluster.log" 2>&1
    report cluster "$start" "$?" cluster cluster-last
}

build() {
    dotnet restore Templating.sln && dotnet build Templating.sln -c Release --no-restore
}

# What the build and the unit tests do not tell: the files' ends and their bytes. Analyzers, style and the form of each line (IDE0055) are the
# build's, the order of imports is a test's; dotnet format would take minutes to find them again.
# Folders end with a slash: without it none of their files is looked at.
check_format() {
    dotnet format whitespace . --folder --verify-no-changes --include src/ tests/ bench/ eng/
}

# A Debian package that only tests need, by the name of its program.
install_package() {
    command -v "$1" >/dev/null && return
    (
        set -euo pipefail
        # shellcheck source=SCRIPTDIR/lib/apt.sh
        . "$here/lib/apt.sh"
        mkdir -p "${TEMPLATING_CACHE:-.cache}"
        apt_setup "$(cd "${TEMPLATING_CACHE:-.cache}" && pwd)/apt"
        apt_update --again
        apt_install "$1"
    )
}

check_scripts() {
    install_package shellcheck || return
    local scripts
    mapfile -t scripts < <(git ls-files '*.sh' .ci/run eng/guest/rootfs/init eng/guest/initrd-init | xargs -r ls -d 2>/dev/null)
    # The initrd's shell is busybox'; checked as dash, its next of kin.
    shellcheck -x --exclude=SC2187 "${scripts[@]}" || return
    # A name that Python does not know would be told only when its line runs: many minutes from here.
    install_package pyflakes3 || return
    mapfile -t scripts < <(git ls-files '*.py' | xargs -r ls -d 2>/dev/null)
    pyflakes3 "${scripts[@]}"
}

# Compiling Kubernetes takes minutes, once, and the steps before it mostly wait for guests: so it begins beside them, with the time that they leave.
# Its own step waits for it, by its lock, and tells what came of it.
ahead=
begin_kubernetes() {
    # A session of its own: to be ended whole, and because the scheduler weighs sessions before it does processes (sched(7), autogroup).
    # shellcheck disable=SC2016  # For the inner shell.
    setsid bash -c '{ echo 19 >/proc/self/autogroup; } 2>/dev/null; exec nice -n 19 "$@"' kubernetes eng/kube/build.sh >"$results/kubernetes-ahead.log" 2>&1 &
    ahead=$!
}
trap '[ -z "$ahead" ] || kill -- "-$ahead" 2>/dev/null' EXIT
trap 'exit 130' INT TERM

# In a function: bash reads a script as it runs it, and this one may be edited meanwhile.
main() {
    step install eng/install.sh || finish
    step guest eng/guest/build.sh || finish
    step build build || finish
    step format check_format
    step scripts check_scripts
    tests unit Templating.UnitTests
    tests kubectl Templating.KubectlTests
    step browser install_package chromium && tests benchmark Templating.BenchmarkTests
    begin_kubernetes
    fuzz
    if step publish eng/publish.sh --all; then
        export TEMPLATING_EXE=$PWD/artifacts/publish/templating
        tests integration Templating.IntegrationTests
        tests attack Templating.AttackTests
        if [ -x eng/demo.sh ]; then
            step demo eng/demo.sh --clones 3
        fi
    fi
    check_guest
    if step kubernetes eng/kube/build.sh; then
        tests operator Templating.OperatorTests
        # With containerd's own shim as the other end, which that step unpacks.
        tests shim Templating.ShimTests
        step chart eng/chart/check.sh
        if step images eng/images/build.sh; then
            cluster_tests
            step demo-kubernetes eng/demo.sh --kubernetes
        fi
    fi
    finish
}

main
