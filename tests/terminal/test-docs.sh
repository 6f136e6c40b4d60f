#!/bin/sh
# --help, the man page and the completions in the tree agree with the table of options, and shells can read them.
. "${srcdir:-.}/tests/terminal/lib.sh"

for pair in man:docs/palaver.1 bash:completions/palaver zsh:completions/_palaver; do
	run --help="${pair%%:*}"
	expect "${pair#*:} is what palaver --help=${pair%%:*} prints (make update-docs)" \
		cmp -s "$work/out" "$srcdir/${pair#*:}"
done

expect "bash reads its completion" bash -n "$srcdir/completions/palaver"
if command -v zsh >/dev/null; then
	expect "zsh reads its completion" zsh -n "$srcdir/completions/_palaver"
else
	skip "zsh reads its completion" "no zsh"
fi

run --help
cp "$work/out" "$work/help"
missing=
for option in $(sed -n 's/^    palaver:\*) words="\(.*\)" ;;$/\1/p' "$srcdir/completions/palaver"); do
	grep -qE -- "(^|[ ,])$option([ ,]|\$)" "$work/help" || missing="$missing $option"
	sed 's/\\-/-/g' "$srcdir/docs/palaver.1" | grep -qF -- "\\fB$option\\fR" || missing="$missing $option(man)"
done
expect "--help and the man page know every option that is completed:$missing" [ -z "$missing" ]
expect "no line of --help is wider than a terminal" [ "$(wc -L <"$work/help")" -le 100 ]

for command in $(sed -n '/^Commands/,$s/^  \([a-z]*\) .*/\1/p' "$work/help"); do
	run "$command" --help
	prints "palaver $command --help" "Usage: palaver $command"
	cp "$work/out" "$work/first"
	run help "$command"
	expect "palaver help $command is the same" cmp -s "$work/out" "$work/first"
done

# What bash offers for a word.
cat >"$work/offer" <<'END'
. "$1"; shift
PATH=$(dirname "$PALAVER"):$PATH
compopt() { :; }
COMP_WORDS=("$@") COMP_CWORD=$(($# - 1))
_palaver
printf '%s\n' "${COMPREPLY[@]}"
END
offers() {
	PALAVER=$palaver bash "$work/offer" "$srcdir/completions/palaver" "$@" >"$work/out" 2>"$work/err"
	status=$? ran="completion of $*"
}
offers palaver --top-
expect "bash offers --top-k and --top-p" [ "$(sort "$work/out" | grep -v sigma | tr "\n" " ")" = "--top-k --top-p " ]
offers palaver bench --rep
expect "bash knows a command's own options" [ "$(cat "$work/out")" = --repetitions ]
mkdir -p "$models"
: >"$models/some.gguf"
offers palaver -m so
expect "bash offers names of models" [ "$(cat "$work/out")" = some.gguf ]
offers palaver pull minil
expect "bash offers models with short names" [ "$(cat "$work/out")" = minilm ]
offers palaver to
expect "bash offers commands" [ "$(cat "$work/out")" = tokenize ]
finish
