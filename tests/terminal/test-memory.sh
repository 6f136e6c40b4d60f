#!/bin/sh
# What a model takes of memory: told before by info, after by doctor; and weights loaded in fewer bits.
. "${srcdir:-.}/tests/terminal/lib.sh"
tiny=$fixtures/tiny-llama3.gguf quantised=$fixtures/tiny-llama.gguf
if [ ! -f "$tiny" ] || [ ! -f "$quantised" ]; then
	skip "memory" "no $tiny"
	finish
fi

# The number behind a key of the JSON object in $work/out.
number() { sed "s/.*\"$1\":\([0-9]*\).*/\1/" "$work/out"; }

run info "$tiny"
prints "info tells the parts of the plan" "memory "
prints "and that the weights are mapped" "(mapped)"
prints "and whether they fit" ": it fits"
fingerprint=$(sed -n 's/^fingerprint *//p' "$work/out")
run info --load-in-8bit "$tiny"
prints "info knows what loading in 8 bits takes" "(in its own memory)"
run info --json "$tiny"
prints "the plan in JSON" '"verdict":"fits"'
floats=$(number weights) cache=$(number cache)
expect "its sum is that of its parts" \
	[ "$(number sum)" = $((floats + cache + $(number buffers) + $(number program))) ]
run info --json --load-in-8bit "$tiny"
expect "8 bits take less than 16" [ "$(number weights)" -lt "$floats" ]
eight=$(number weights)
run info --json --load-in-4bit "$tiny"
expect "4 bits take less than 8" [ "$(number weights)" -lt "$eight" ]
run info --json -c 512 "$tiny"
expect "half the context takes half the cache" [ $(($(number cache) * 2)) = "$cache" ]

for way in 8 4; do
	run -m "$tiny" --no-save --temp 0 -n 4 -p Hello --load-in-${way}bit
	expect "it answers in $way bits" [ "$status:$(wc -c <"$work/err")" = 0:0 ]
	cp "$work/out" "$work/first"
	run -m "$tiny" --no-save --temp 0 -n 4 -p Hello --load-in-${way}bit -t 1
	expect "and the same on one thread" cmp -s "$work/out" "$work/first"
done
PALAVER_LOAD_IN_8BIT=on run --check-config
prints "by a variable" "load-in-8bit = on  (variable)"
PALAVER_LOAD_IN_8BIT=on run info --json --load-in-4bit "$tiny"
expect "a flag is stronger than a variable" [ "$(number weights)" -lt "$eight" ]
run info --load-in-8bit --load-in-4bit "$tiny"
fails_with "both at once" 2 "contradict each other"

run doctor -m "$tiny"
prints "doctor -m tells what was planned" "planned "
prints "and what was taken" "taken "
run doctor -m "$tiny" --load-in-8bit
prints "and what loading in 8 bits saved" "weights loaded in 8 bits: "
run doctor -m "$quantised" --load-in-4bit
prints "the float weights of a mixed file are packed, too" "weights loaded in 4 bits: "
run doctor -m "$work/nosuch.gguf"
expect "a model that is not there is a problem" [ "$status" = 1 ]
run doctor
expect "without -m no model is loaded" [ "$(grep -c 'planned\|taken' "$work/out")" = 0 ]
expect "but the memory is told" grep -q '^memory .* are available' "$work/out"
run score -m "$tiny" --jsonl --load-in-8bit
expect "commands that compute know the options, too" [ "$status" = 0 ]
finish
