#!/bin/sh
# The commands for scripts, on the fixture's small model.
. "${srcdir:-.}/tests/terminal/lib.sh"
tiny=$fixtures/tiny-llama.gguf
if [ ! -f "$tiny" ]; then
	skip "commands" "no $tiny"
	finish
fi

give() { printf "$@" >"$work/in"; input=$work/in; }
same_output() { run "$@"; cp "$work/out" "$work/before"; run "$@"; cmp -s "$work/out" "$work/before"; }

text='Hello there, Welt äöü 日本 🦙'
give '%s' "$text"
run tokenize -m "$tiny"
expect "tokenize prints ids on one line" grep -qxE '[0-9]+( [0-9]+)*' "$work/out"
cp "$work/out" "$work/ids"
input=$work/ids
run tokenize -m "$tiny" --decode
expect "--decode gives the text back" [ "$(cat "$work/out")" = "$text" ]
give ''
run tokenize -m "$tiny"
expect "no text, no ids" [ "$status:$(cat "$work/out")" = 0: ]
give 'ab\377cd'
run tokenize -m "$tiny"
fails_with "invalid UTF-8 on standard input" 1 "not UTF-8 at byte 2"
give '1 2 99999999'
run tokenize -m "$tiny" --decode
fails_with "an id that is no token" 1 "99999999"
give '{"text": "a\\u0000b"}\n\n{"text": 3}\n{"text"\n[]\n{"text": "x"}\n'
run tokenize -m "$tiny" --jsonl
expect "a bad line does not end the run" [ "$status:$(wc -l <"$work/out")" = 1:5 ]
expect "a NUL goes through" grep -qF '"text":"a\u0000b"' "$work/out"
expect "errors carry the line's number" [ "$(grep -c '"error".*"line":[345]}' "$work/out")" = 3 ]

give '{"ids": [1, 5, 9, 20], "greedy": 5}\n{"text": "Hello"}\n'
run score -m "$tiny" --jsonl
expect "score answers each line" [ "$status:$(wc -l <"$work/out")" = 0:2 ]
for key in ids top_logits logits_mean logits_std nll_per_token greedy_ids; do
	expect "score gives $key" [ "$(grep -c "\"$key\":" "$work/out")" = 2 ]
done
expect "score is the same again" same_output score -m "$tiny" --jsonl
expect "score --exact is the same again" same_output score -m "$tiny" --jsonl --exact
give '{"ids": [1, 5, -1]}\n{"ids": []}\n{"ids": [1], "greedy": -2}\n{"ids": [1], "greedy": 3}\n'
run score -m "$tiny" --jsonl
expect "score says what is wrong with a line" [ "$status:$(grep -c '"error"' "$work/out")" = 1:3 ]
give '{"ids": [1, 2, 3, 4, 5, 6, 7, 8, 9]}\n'
run score -m "$tiny" --jsonl --ctx 4
expect "more ids than the context holds" grep -q '"error"' "$work/out"
run score -m "$tiny"
fails_with "score without --jsonl" 2 "--jsonl"

give '{"messages": [{"role": "user", "content": "Hi"}]}\n{"messages": [{"role": "judge", "content": ""}]}\n{"messages": []}\n'
run prompt -m "$tiny" --jsonl --template chatml
expect "prompt renders" grep -qF '"text":"<|im_start|>user\nHi<|im_end|>' "$work/out"
expect "prompt says what is wrong" [ "$status:$(grep -c '"error"' "$work/out")" = 1:2 ]
run prompt -m "$tiny" --jsonl --template nosuch
fails_with "a template that is not there" 1 "nosuch"

give 'The quick brown fox jumps over the lazy dog. %.0s' 1 2 3 4 5 6 7 8 9 10
run perplexity -m "$tiny" "$work/in"
prints "perplexity" "bits per byte"
run perplexity -m "$tiny" --ctx 16 --json -
prints "perplexity of standard input, in JSON" '"bits_per_token":'
run perplexity -m "$tiny"
fails_with "perplexity without a file" 2 "FILE"
run perplexity -m "$tiny" "$work/nosuch"
fails_with "perplexity of a file that is not there" 1 "nosuch"
input=
give 'Grüße, 你好'
run perplexity -m "$tiny" --json "$work/in"
perplexities=$(sed 's/.*"bits_per_character":\([0-9.]*\),"bits_per_byte":\([0-9.]*\),.*/\1 \2/' "$work/out")
expect "a character is several bytes where it is" awk -v n="$perplexities" \
	'BEGIN { split(n, x, " "); r = x[1] / x[2] * 9 / 15; exit !(r > 0.999999 && r < 1.000001) }'
give 'The quick brown fox jumps over the lazy dog. %.0s' 1 2 3 4 5 6 7 8 9 10
run perplexity -m "$tiny" "$work/in" --write-reference "$work/reference"
expect "a reference's size is told beforehand" grep -q 'the reference will take 0\.[0-9] MB' "$work/err"
run perplexity -m "$tiny" "$work/in" --write-reference "$work/reference"
fails_with "a reference that is there is not overwritten" 2 "is there already"
run perplexity -m "$tiny" "$work/in" --reference "$work/reference"
prints "a model does not diverge from itself" "KL divergence       0.000000 ± 0.000000 nats"
prints "and finds the same tokens the likeliest" "same likeliest      100.000 %"
run perplexity -m "$tiny" "$work/in" --reference "$work/reference" --exact --json
prints "the exact mode hardly diverges" '"kl_divergence":'
expect "but it does" sh -c 'sed "s/.*\"kl_divergence\":\([^,]*\),.*/\1/" "$1" | awk "{ exit !(\$1 > 0 && \$1 < 0.01) }"' \
	sh "$work/out"
run perplexity -m "$tiny" "$work/in" --reference "$work/reference" -c 16
fails_with "a reference of other windows" 2 "give -c"
run perplexity -m "$tiny" "$work/in" --reference "$work/in"
fails_with "a reference that is none" 1 "not a reference"

input=
run bench -m "$tiny" -p 8,16 -n 4 -d 0,8 -r 2
prints "bench" "peak memory"
run bench -m "$tiny" -p 8 -n 4 -r 1 --json
prints "bench --json" '"results":[{'
run bench -m "$tiny" -p x
fails_with "bench with a wrong count" 2 "--prompt-tokens"

printf 'a\033[2J\302\233\177\342\200\256b' >"$work/controls"
"$palaver" tokenize -m "$tiny" <"$work/controls" | "$palaver" tokenize --decode -m "$tiny" >"$work/out"
ran='tokenize | tokenize --decode'
expect "a pipe gets every byte" cmp -s "$work/controls" "$work/out"
for command in "tokenize -m $tiny" "prompt -m $tiny --jsonl" "score -m $tiny --jsonl"; do
	ran="palaver $command <&-" status=0
	"$palaver" $command <&- >"$work/out" 2>"$work/err" || status=$?
	fails_with "${command%% *} with a closed standard input" 1 "standard input is closed"
done
mkfifo "$work/pipe"
run perplexity -m "$tiny" "$work/pipe"
fails_with "perplexity of a named pipe" 2 "a named pipe, not a file"
mkdir -p "$config/templates"
mkfifo "$config/templates/pipe.template"
run prompt -m "$tiny" --jsonl --template pipe
fails_with "a template that is a named pipe" 1 "pipe.template"
rm -r "$config"
finish
