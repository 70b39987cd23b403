# shellcheck shell=bash
# Runs a test project and counts what came of it. To be sourced.
#
#   tests_run RESULTS NAME PROJECT [OPTION of dotnet test...]     results: RESULTS/NAME.trx, and RESULTS/NAME-again.trx
#   tests_count RESULTS NAME                                      prints PASSED FAILED and the flaky tests' names
#
# A test that failed is run once more, alone. One that passes then is called flaky and counted as passed: where every
# VM is emulated on a shared machine an unlucky moment is no fault of the product, but it should not go unseen.
# TEMPLATING_NO_RETRY=1 lets the first run count. A run that broke down without a failed test is a failure.

tests_run() {
    local results=$1 name=$2 project=$3 failed count
    shift 3
    rm -f "$results/$name.trx" "$results/$name-again.trx"
    tests_once "$results" "$name" "$project" "$@" && return
    failed=$(tests_failed "$results/$name.trx")
    count=$(wc -w <<<"$failed")
    # Many at once are no accident.
    if [ "$count" -eq 0 ] || [ "$count" -gt 5 ] || [ "${TEMPLATING_NO_RETRY:-}" = 1 ]; then
        return 1
    fi
    echo "Once more: $failed"
    # shellcheck disable=SC2086  # One word for each name.
    tests_once "$results" "$name-again" "$project" --filter "$(printf 'FullyQualifiedName=%s\n' $failed | paste -sd'|')"
}

tests_once() {
    local results=$1 name=$2 project=$3
    shift 3
    dotnet test "$project" -c Release --no-build --results-directory "$results" --logger "trx;LogFileName=$name.trx" \
        --logger "console;verbosity=normal" --blame-hang --blame-hang-timeout 12min --blame-hang-dump-type none "$@"
}

# The methods of a TRX file's failed tests; those of a theory once.
tests_failed() {
    [ -e "$1" ] || return 0
    sed -nE '/<UnitTestResult .*outcome="Failed"/s/.* testName="([^"(]+).*/\1/p' "$1" | sort -u
}

# PASSED FAILED of a TRX file. None at all is a failure: then the run itself broke. What was neither passed nor failed
# (a crash, an abort) did not pass either.
tests_counters() {
    local counters total good
    counters=$(grep -o '<Counters [^>]*>' "$1" 2>/dev/null | head -n 1)
    total=$(sed -nE 's/.* total="([0-9]+)".*/\1/p' <<<"$counters")
    good=$(sed -nE 's/.* passed="([0-9]+)".*/\1/p' <<<"$counters")
    echo "${good:-0} $((${total:-1} - ${good:-0}))"
}

tests_count() {
    local results=$1 name=$2 good bad again_good again_bad
    read -r good bad < <(tests_counters "$results/$name.trx")
    if [ -e "$results/$name-again.trx" ]; then
        read -r again_good again_bad < <(tests_counters "$results/$name-again.trx")
        # A theory is run again whole, so more may pass the second time than failed the first.
        if [ "$again_bad" -eq 0 ] && [ "$again_good" -gt 0 ]; then
            echo "$((good + bad)) 0 $(tests_failed "$results/$name.trx" | paste -sd' ')"
            return
        fi
    fi
    echo "$good $bad"
}
