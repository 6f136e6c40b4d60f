#!/bin/sh
# palaver imatrix: what it measures is what palaver quantize takes, and no file is lost.
. "${srcdir:-.}/tests/terminal/lib.sh"
model=$fixtures/folder-hf

for i in 1 2 3 4 5 6 7 8 9 10; do
	printf 'The quick brown fox jumps over %d lazy dogs, and they sleep on. ' $i
done >"$work/text"

run imatrix -m "$model" "$work/text"
fails_with "imatrix without a file to write" 2 "needs a TEXT (- is standard input) and -o OUT.gguf"
run imatrix -m "$model" -o "$work/out.gguf"
fails_with "imatrix without a text" 2 "needs a TEXT"
run imatrix -m "$model" "$work/nosuch" -o "$work/out.gguf"
fails_with "a text that is not there" 1 "nosuch"
printf 'Hello' >"$work/short"
run imatrix -m "$model" "$work/short" -c 64 -o "$work/out.gguf"
fails_with "a text that fills no chunk: both numbers" 1 "tokens, and a chunk takes 6"
run imatrix -m "$model" "$work/text" -c 32 -o "$work/none/out.gguf"
fails_with "a folder that is not there" 1 "can't be written: No such file or directory"
expect "nothing was written" [ ! -e "$work/out.gguf" ]

run imatrix -m "$model" "$work/text" -c 32 -o "$work/out.gguf"
prints "a text is measured" "chunks of 32 tokens"
cp "$work/out.gguf" "$work/first.gguf"
run imatrix -m "$model" "$work/text" -c 32 -o "$work/out.gguf"
fails_with "a file that is there stays" 2 "out.gguf: is there already; --force replaces it"
input=$work/text run imatrix -m "$model" - -c 32 -t 1 -o "$work/out.gguf" --force -q
expect "standard input and one thread" [ "$status" = 0 ] && [ ! -s "$work/out" ]
expect "measure the same" [ "$(tail -c 2000 "$work/out.gguf" | cksum)" = "$(tail -c 2000 "$work/first.gguf" | cksum)" ]

run quantize "$model" "$work/q.gguf" q4_0 --imatrix "$work/out.gguf" --dry-run
prints "quantize weighs with it" "weighted"
run quantize "$fixtures/sea.gguf" "$work/q.gguf" q4_0 --imatrix "$work/out.gguf"
expect "and refuses it for another model" [ "$status" != 0 ] && [ ! -e "$work/q.gguf" ]
# shellcheck disable=SC2012 # the names are our own
expect "nothing is left beside" [ "$(ls -A "$work" | grep -c '^\.')" = 0 ]
finish
