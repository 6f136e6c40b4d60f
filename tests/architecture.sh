#!/bin/sh
# Compares docs/architecture.md with the tree. Its map has a heading "### `FOLDER/`" for every folder of code and in the
# table below it one row "| `NAME` | ... |" for each file, or for the .c and .h of one name: none is missing, none is
# named twice, none is named that is not there. A path in backquotes, here or in docs/developing.md, names something that
# exists.
cd "$(dirname "$0")/.." || exit 1
page=docs/architecture.md
bad=0

named=$(awk '
	/^### `[^`]*\/`/ { split($0, part, "`"); folder = part[2]; next }
	/^#/ { folder = "" }
	folder != "" && /^\| `[^`]+`/ { split($0, part, "`"); print folder part[2] }' "$page" | sort)
there=$(find base engine history remote serve ui app -name '*.[ch]' | sed 's/\.[ch]$//' | sort -u)
generated='^engine/templates$|^history/schema'

complain() {
	[ -z "$1" ] || { printf '%s:\n%s\n' "$2" "$1"; bad=1; }
}

list=$(mktemp) && other=$(mktemp) || exit 1
trap 'rm -f "$list" "$other"' EXIT
printf '%s\n' "$named" | sort -u >"$list"
printf '%s\n' "$there" | grep -vE "$generated" >"$other"
complain "$(printf '%s\n' "$named" | uniq -d)" "$page names these twice"
complain "$(comm -13 "$list" "$other")" "$page does not name these"
complain "$(comm -23 "$list" "$other")" "$page names these, which are not there"

for path in $(grep -ohE '`[a-z]+/[A-Za-z0-9_./-]+`' "$page" docs/developing.md | tr -d '`' | sort -u); do
	case $path in
	*NAME* | *THING*) continue ;; # stands for any
	esac
	[ -e "$path" ] || [ -e "$path.c" ] || [ -e "$path.h" ] || complain "$path" "$page or docs/developing.md speaks of this, which is not there"
done
exit $bad
