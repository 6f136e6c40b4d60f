#!/bin/sh
# Which file -m means, and what is said of files that are no models.
. "${srcdir:-.}/tests/terminal/lib.sh"
tiny=$fixtures/tiny-llama.gguf

run info
fails_with "no model at all" 1 "there is no model yet: put a .gguf file into"
run info -m nosuch
fails_with "a name that is not there" 1 "nosuch"
run info ./nosuch.gguf
fails_with "a path that is not there" 1 "nosuch.gguf"
run info /dev/null
fails_with "a file of no bytes" 1 "/dev/null"
printf 'GGUF is not all that it takes' >"$work/bad.gguf"
run info "$work/bad.gguf"
fails_with "not a model" 1 "bad.gguf"
run info "$work"
fails_with "a folder" 1 "$work"

if [ ! -f "$tiny" ]; then
	skip "models by name" "no $tiny"
	finish
fi
mkdir -p "$models"
cp "$tiny" "$models/Tiny-One.gguf"
run info
prints "the only model is the default" "Tiny-One.gguf"
cp "$tiny" "$models/other.gguf"
run info
fails_with "several models and no default" 1 "-m"
run info -m Tiny-One
prints "a name" "Tiny-One.gguf"
run info -m tiny-one.GGUF
prints "without regard to case" "Tiny-One.gguf"
run info -m oth
prints "its beginning" "other.gguf"
run info -m zzz
fails_with "what is there is listed" 1 "Tiny-One.gguf, other.gguf"
cp "$tiny" "$models/tiny-two.gguf"
run info -m tiny
fails_with "a beginning that two have" 1 "more than one"
PALAVER_MODEL=other run info
prints "PALAVER_MODEL" "other.gguf"
cp "$tiny" "$models/SmolLM2-135M-Instruct.Q4_1.gguf"
run info
prints "the default model" "SmolLM2-135M-Instruct.Q4_1.gguf"
run info --json "$tiny"
prints "info --json" '"architecture":"llama"'

vocabulary=$srcdir/tests/fixtures/llama2-vocab.gguf
run info "$vocabulary"
prints "a file that holds a vocabulary alone" "480 tokens"
prints "its context is that of the model" "256 tokens as trained"
cp "$srcdir/tests/fixtures/tiny-llama-split-00001-of-00003.gguf" "$work/part-00001-of-00003.gguf"
run info "$work/part-00001-of-00003.gguf"
fails_with "a split model without its second part" 1 "part 2 of 3 of the model is missing"
run bench -m "$vocabulary"
fails_with "it can't be run" 1 "holds no weights"

size=$(wc -c <"$tiny")
for part in 4 8 20 100 1000 $((size / 4)) $((size / 2)) $((size - 1)); do
	head -c "$part" "$tiny" >"$work/cut.gguf"
	run info "$work/cut.gguf"
	fails_with "cut off after $part bytes" 1 "cut.gguf"
done
finish
