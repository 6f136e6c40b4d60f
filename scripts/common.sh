# Shell functions that quickstart and check share; read by `.`, works with any POSIX shell.

say() { printf '%s\n' "$*"; }
die() { printf '%s: %s\n' "${0##*/}" "$*" >&2; exit 1; }
have() { command -v "$1" >/dev/null 2>&1; }

# Debian's names of what the build needs, of what fetching the model needs, and of what the tests need besides.
build_packages='gcc make autoconf automake pkg-config libc6-dev libedit-dev libopenblas-dev libsqlite3-dev libjansson-dev libutf8proc-dev libncurses-dev libmd4c-dev zlib1g-dev libcurl4-openssl-dev libssl-dev libmicrohttpd-dev'
fetch_packages='ca-certificates python3 python3-pip'
test_packages='libcmocka-dev libvterm-dev clang libclang-rt-14-dev tmux'

# Prints those of the packages given that are not installed.
missing_packages() {
	for package; do
		case $(dpkg-query -W -f='${db:Status-Abbrev}' "$package" 2>/dev/null) in
		ii*) ;;
		*) printf ' %s' "$package" ;;
		esac
	done
}

# Runs a command as root: as it is, or by sudo.
as_root() {
	if [ "$(id -u)" = 0 ]; then "$@"
	elif have sudo; then sudo "$@"
	else die "needs root for: $*"
	fi
}

# Installs what is missing of the packages given.
install_packages() {
	missing=$(missing_packages "$@")
	[ -n "$missing" ] || return 0
	say "Installing$missing"
	as_root apt-get update -q >/dev/null || die "apt-get update failed"
	# shellcheck disable=SC2086 # the names are words
	as_root env DEBIAN_FRONTEND=noninteractive apt-get install -y -q --no-install-recommends $missing \
		>"${TMPDIR:-/tmp}/palaver-apt.$$" 2>&1 || { tail -5 "${TMPDIR:-/tmp}/palaver-apt.$$" >&2; die "apt-get failed"; }
	rm -f "${TMPDIR:-/tmp}/palaver-apt.$$"
}

# On other systems than Debian and its derivatives: tells what is missing.
require_tools() {
	absent=
	for tool in cc make autoreconf automake pkg-config python3; do
		have "$tool" || absent="$absent $tool"
	done
	if have pkg-config; then
		for library in libedit openblas sqlite3 jansson libutf8proc ncursesw md4c zlib libcurl libcrypto libmicrohttpd; do
			pkg-config --exists "$library" || absent="$absent $library"
		done
	fi
	[ -z "$absent" ] || die "please install, with their headers:$absent"
}

# Makes sure that what is needed is there; arguments: Debian packages.
ensure_packages() {
	if have dpkg-query && have apt-get; then
		install_packages "$@"
	else
		require_tools
	fi
}

# Processors to build with.
cores() { getconf _NPROCESSORS_ONLN 2>/dev/null || echo 1; }

# Runs a command quietly; shows the end of what it printed when it fails.
quietly() {
	log=$1; shift
	"$@" >"$log" 2>&1 || { tail -30 "$log" >&2; die "failed: $* (all of it in $log)"; }
}
