#!/bin/sh
# Searches the targets of tests/fuzz with libFuzzer, one after the other; ends with "N passed, N failed".
#
#   tests/fuzz/run.sh BUILD SECONDS [TARGET...]      60 seconds each, all targets, unless told
#
# What is found on the way is kept in BUILD/corpus, so that the next run goes on from there. An input that breaks
# something lies in BUILD/found: mend what it breaks, then put it among the seeds, under a name that says what it is.
set -u
build=${1:?which build folder?} seconds=${2:-60}
shift 2 2>/dev/null || shift
[ $# -gt 0 ] || set -- router request_id trace json percent head settings query token fields pattern
passed=0 failed=0

for target; do
    corpus=$build/corpus/$target log=$build/fuzz_$target.log
    mkdir -p "$corpus" "$build/found"
    set -- -max_total_time="$seconds" -max_len=4096 -timeout=10 -rss_limit_mb=2048 -print_final_stats=1 \
        -artifact_prefix="$build/found/$target-"
    [ ! -f "tests/fuzz/$target.dict" ] || set -- "$@" -dict="tests/fuzz/$target.dict"
    if "$build/fuzz/fuzz_$target" "$@" "$corpus" "tests/fuzz/seeds/$target" >"$log" 2>&1; then
        passed=$((passed + 1))
        echo "ok   $target: $seconds s, $(awk '/number_of_executed_units/ { print $2 }' "$log") inputs"
    else
        failed=$((failed + 1))
        echo "FAIL $target"
        grep -E -A 30 'not so:|ERROR: |runtime error:' "$log" | head -60
        sed -n 's/^artifact_prefix.*Test unit written to /     the input: /p' "$log"
    fi
done
echo "$passed passed, $failed failed"
[ "$failed" = 0 ]
