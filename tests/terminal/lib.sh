# Helpers of the tests that run the program as users do: arguments and text in, text and exit status out. TAP on
# standard output. The environment is pinned: a home of its own, no PALAVER_* but what names test data.

palaver=${PALAVER:-$PWD/palaver}
srcdir=$(cd "${srcdir:-.}" && pwd)
fixtures=$srcdir/tests/fixtures
work=$(mktemp -d "${TMPDIR:-/tmp}/palaver-test.XXXXXX")
trap 'rm -rf "$work"' EXIT
for name in $(env | sed -n 's/^\(PALAVER_[A-Z_]*\)=.*/\1/p'); do
	case $name in PALAVER_REFERENCE | PALAVER_TEST_MODEL) ;; *) unset "$name" ;; esac
done
unset XDG_CONFIG_HOME XDG_DATA_HOME XDG_CACHE_HOME XDG_STATE_HOME ACCESSIBLE NO_COLOR EDITRC
export HOME="$work/home" LANG=C.UTF-8 LC_ALL=C.UTF-8 TZ=UTC TERM=xterm-256color
mkdir -p "$HOME"
config=$HOME/.config/palaver models=$HOME/.local/share/palaver/models
count=0 failures=0

# Runs the program with the arguments given; standard input from $input, a file, or nothing.
run() {
	status=0
	"$palaver" "$@" <"${input:-/dev/null}" >"$work/out" 2>"$work/err" || status=$?
	ran="palaver $*"
}

# verdict TRUTH NAME: one TAP line; what the program said when it is false.
verdict() {
	count=$((count + 1))
	if [ "$1" = yes ]; then
		printf 'ok %d - %s\n' "$count" "$2"
		return 0
	fi
	failures=$((failures + 1))
	printf 'not ok %d - %s\n# %s: exit status %s\n' "$count" "$2" "$ran" "$status"
	head -c 1500 "$work/out" | sed 's/^/# out: /'
	head -c 1500 "$work/err" | sed 's/^/# err: /'
}

skip() { count=$((count + 1)); printf 'ok %d - %s # SKIP %s\n' "$count" "$1" "$2"; }

# expect NAME CONDITION...: a command that must be true.
expect() {
	expectation=$1
	shift
	if "$@"; then verdict yes "$expectation"; else verdict no "$expectation"; fi
}

# fails_with NAME STATUS TEXT: that exit status, nothing on standard output, one line on standard error with TEXT in it.
fails_with() {
	if [ "$status" = "$2" ] && [ ! -s "$work/out" ] && [ "$(wc -l <"$work/err")" = 1 ] &&
		grep -q '^palaver: ' "$work/err" && grep -qF -- "$3" "$work/err"; then
		verdict yes "$1"
	else
		verdict no "$1"
	fi
}

# prints NAME TEXT: exit status 0, TEXT on standard output, nothing on standard error.
prints() {
	if [ "$status" = 0 ] && grep -qF -- "$2" "$work/out" && [ ! -s "$work/err" ]; then
		verdict yes "$1"
	else
		verdict no "$1"
	fi
}

finish() {
	printf '1..%d\n' "$count"
	[ "$failures" = 0 ] || exit 1
	exit 0
}
