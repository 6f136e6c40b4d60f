#!/bin/sh
# Runs tests many times in a row and tells which failed how often: a test must not depend on the clock, on a random seed
# or on how busy the machine is. Each unit test runs 50 times, each other test 10 times. Exit status 1 when any failed.
#
# usage, in a build folder after `make check TESTS=`:   ../tests/again.sh [-n TIMES] [TEST...]
#     TEST: tests/unit/test-chat, or tests/terminal/test-once.sh; without one all that are built
set -u
srcdir=$(cd "$(dirname "$0")/.." && pwd)
export srcdir
times=
[ "${1-}" != -n ] || { times=$2; shift 2; }
if [ $# = 0 ]; then
	for test in tests/unit/test-* tests/terminal/test-* "$srcdir"/tests/terminal/test-*.sh; do
		case ${test##*/} in *.sh | *[!.]) ;; esac
		[ -f "$test" ] && [ -x "$test" ] && set -- "$@" "$test"
	done
fi
log=$(mktemp) || exit 1
trap 'rm -f "$log"' EXIT
failures=0

# How often a test runs.
count() {
	case $1 in
	*tests/unit/*) echo "${times:-50}" ;;
	*) echo "${times:-10}" ;;
	esac
}

for test; do
	n=$(count "$test") failed=0
	case $test in
	*.sh) command=$srcdir/tests/terminal/${test##*/} ;;
	*) command=./${test#./} ;;
	esac
	for i in $(seq "$n"); do
		"$command" >"$log" 2>&1 && continue
		[ $? != 77 ] || continue # skipped
		failed=$((failed + 1))
		printf '%s, run %d:\n' "$test" "$i"
		tail -20 "$log"
	done
	printf '%s: %d of %d failed\n' "$test" "$failed" "$n"
	[ "$failed" = 0 ] || failures=$((failures + 1))
done
[ $failures = 0 ]
