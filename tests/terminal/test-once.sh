#!/bin/sh
# One answer on standard output: what is printed where, and the exit status. The model has random weights.
. "${srcdir:-.}/tests/terminal/lib.sh"

model=$fixtures/tiny-llama.gguf
esc=$(printf '\033')
one_line() { [ "$(wc -l <"$work/out")" -ge 1 ] && [ "$(tail -c 1 "$work/out" | od -An -c | tr -d ' ')" = '\n' ]; }
no_escape() { ! grep -q "$esc" "$work/out"; }
same() { cmp -s "$1" "$2"; }
valid_json() { grep -q '^{"text":".*"finish":"length".*"seed":5,"usage":{.*"prompt_tokens":[0-9]*.*"tokens":\[.*\]}$' "$work/out"; }

run -m "$model" -s 5 -n 12 -p 'The llama'
expect 'an answer exits with 0' [ "$status" = 0 ]
expect 'an answer ends with a newline' one_line
expect 'nothing else is printed' [ ! -s "$work/err" ]
expect 'no escape sequence reaches a pipe' no_escape
cp "$work/out" "$work/first"
run -m "$model" -s 5 -n 12 -p 'The llama'
expect 'the same seed gives the same answer' same "$work/out" "$work/first"
run -m "$model" -s 6 -n 12 -p 'The llama'
expect 'another seed gives another' eval '! same "$work/out" "$work/first"'

before=$("$palaver" list --json | grep -o '"id"' | wc -l)
run -m "$model" -s 5 -n 4 -p 'The llama in secret' --no-save
expect 'an answer is not kept with --no-save' eval '! grep -rqaF "in secret" "$HOME"'
run -m "$model" -s 5 -n 4 -p 'And the sea' --continue
expect '--continue resumes the last conversation' [ "$status" = 0 ]
run show
expect 'both questions are kept in it' eval 'grep -q "The llama" "$work/out" && grep -q "And the sea" "$work/out"'
expect 'it is no new one' [ "$("$palaver" list --json | grep -o '"id"' | wc -l)" = "$before" ]
run -m "$model" -p x -r 'no such title'
fails_with 'a title that no conversation has is an error' 1 'no such title'
run -m "$model" -p x -r sky --continue
fails_with '--continue and --resume contradict each other' 2 'give only one of them'

printf 'The llama' >"$work/text"
input=$work/text run -m "$model" -s 5 -n 12
expect 'text on standard input alone is the prompt' same "$work/out" "$work/first"
run -m "$model" -s 5 -n 12 -f "$work/text"
expect 'so is a file' same "$work/out" "$work/first"
printf 'the sea\n' >"$work/text"
input=$work/text run -m "$model" -s 5 -n 12 -p 'The llama'
cp "$work/out" "$work/first"
printf 'The llama\n\nthe sea' >"$work/text"
input=$work/text run -m "$model" -s 5 -n 12
expect 'standard input follows the prompt after an empty line' same "$work/out" "$work/first"

run -m "$model" -s 5 -n 12 -p 'The llama' --raw
expect 'raw text is continued' [ "$status" = 0 ]
run -m "$model" -s 5 -n 4 -p 'The llama' --json --logprobs 3
expect 'JSON is one object with the seed' valid_json
expect 'it is one line' [ "$(wc -l <"$work/out")" = 1 ]
run -m "$model" -s 5 -n 4 -p 'The llama' --stats
expect 'timings go to standard error' grep -q 'seed 5' "$work/err"

input= run
fails_with 'no prompt is a usage error' 2 'no prompt'
run -m "$model" -p ''
fails_with 'so is an empty one' 2 'empty'
printf 'caf\351' >"$work/text"
input=$work/text run -m "$model" -p x
fails_with 'what is not UTF-8 is refused' 1 'not UTF-8 at byte 3'
printf 'a\0b' >"$work/text"
input=$work/text run -m "$model" -p x
fails_with 'so is a zero byte' 1 'byte 1 is zero'
yes | head -c 100000000 >"$work/text"
input=$work/text run -m "$model" -p x
fails_with 'too much is refused with both numbers' 1 'context of 512 tokens'
yes | head -c 2000 >"$work/text"
input=$work/text run -m "$model" -p x
fails_with 'a prompt longer than the context too' 1 'the context of 512'
rm "$work/text"
run -m "$model" -f "$work/none"
fails_with 'a missing file is reported' 1 'No such file'
if [ -c /dev/full ]; then
	status=0
	"$palaver" -m "$model" -n 4 -p x </dev/null >/dev/full 2>"$work/err" || status=$?
	: >"$work/out"
	fails_with 'a full disk is reported' 1 "can't be written"
fi

run -m "$model" --no-save -p x -n 2 --temp 0 --logit-bias 30=100
expect 'a pipe gets every byte of an answer' [ "$(od -An -c "$work/out" | tr -d ' \n')" = '033033\n' ]

run -m "$model" --no-save -p x -n 2 -s -1
expect "a seed of -1 is a random one" [ "$status:$(cat "$work/err")" = 0: ]
run -m "$model" --no-save -p x -n 2 --logit-bias 384=1
fails_with "a bias of a token that the model does not have" 2 "384 is not a token of this model (0 to 383)"

# ---- descriptors and named pipes: nothing waits for another program without a word
status=0
"$palaver" -m "$model" -s 5 -n 4 -p 'The llama' <&- >"$work/out" 2>"$work/err" || status=$?
prints 'a closed standard input is an empty one' ''
ran='palaver <&-' status=0
"$palaver" -m "$model" <&- >"$work/out" 2>"$work/err" || status=$?
fails_with 'unless the prompt must come from it' 2 'standard input is closed'
ran='palaver >&-' status=0
"$palaver" -m "$model" -n 4 -p x </dev/null >&- 2>"$work/err" || status=$?
: >"$work/out"
fails_with 'a closed standard output is reported' 1 "standard output: can't be written"
mkfifo "$work/pipe"
run -m "$model" -f "$work/pipe"
fails_with 'a named pipe is refused, not waited for' 2 'a named pipe, not a file'
run -m "$model" -f "$work"
fails_with 'so is a folder' 2 'a folder, not a file'
ran='palaver -f /dev/fd/3' status=0
printf 'The llama' | "$palaver" -m "$model" -s 5 -n 4 -f /dev/fd/3 3<&0 </dev/null >"$work/out" 2>"$work/err" || status=$?
prints 'a passed pipe is read' ''
exec 9<>"$work/pipe"
ran='palaver <pipe'
"$palaver" -m "$model" -s 5 -n 4 -p x <"$work/pipe" >"$work/out" 2>"$work/err" 9>&- &
for try in $(seq 600); do
	grep -q 'waiting for the end of standard input' "$work/err" && break
	sleep 0.1
done
exec 9>&-
status=0
wait $! || status=$?
expect 'what it waits for is told, once' [ "$status:$(wc -l <"$work/err")" = 0:1 ]

# ---- chat templates: what is not the model's own is told
LC_ALL=C sed 's/| trim/| nope/g' "$model" >"$work/nope.gguf"
run -m "$work/nope.gguf" --no-save -s 5 -n 4 -p 'The llama'
expect 'a template that cannot be followed is told in one line' [ "$(grep -c "line 1: there is no filter named 'nope'); llama2, the nearest" "$work/err"):$(wc -l <"$work/err")" = 1:1 ]
run -m "$work/nope.gguf" --no-save -s 5 -n 4 -p 'The llama' -q
expect '-q leaves that out' [ ! -s "$work/err" ]
run info "$work/nope.gguf"
expect 'info says which one is used instead, and why' eval 'grep -q "^template  *llama2, built in, instead of the model.s own" "$work/out" && grep -q "filter named .nope" "$work/out"'
LC_ALL=C sed 's/tokenizer.chat_template/tokenizer.chat_tomplate/' "$model" >"$work/base.gguf"
run -m "$work/base.gguf" --no-save -s 5 -n 4 -p 'The llama'
expect 'a model without a template is told to be one' [ "$(grep -c 'has no chat template' "$work/err"):$(wc -l <"$work/err")" = 1:1 ]
run -m "$work/base.gguf" --no-save -s 5 -n 4 -p 'The llama' --raw
expect '--raw says that this is meant' [ ! -s "$work/err" ]
run info "$work/base.gguf"
expect 'info tells it from an unknown template' grep -q '^template  *plain, the model has no chat template' "$work/out"
run info "$model"
expect "info names the model's own template and the tokens that end an answer" eval 'grep -q "^template  *own" "$work/out" && grep -q "^ends  *</s> (2)" "$work/out"'
mkdir -p "$config/templates"
printf 'user = U{text}\nassistant = A{text}\n' >"$config/templates/mute.template"
run -m "$model" -s 5 -n 4 -p x --system 'Reply in verse' --template mute
expect 'a system message that the template leaves out is told' [ "$(grep -c 'leaves the system message out' "$work/err"):$(wc -l <"$work/err")" = 1:1 ]
run -m "$model" -s 5 -n 4 -p x --system 'Reply in verse' --template mute --quiet
expect 'but not with --quiet' [ ! -s "$work/err" ]
run -m "$model" -s 5 -n 4 -p x --template mute
expect 'nor where there is none' [ ! -s "$work/err" ]
run -m "$model" -s 5 -n 4 -p x --system 'Reply in verse'
expect 'nor where it is seen' [ ! -s "$work/err" ]
LC_ALL=C sed "s/'system'/'sistem'/; s/{% else %}{{ ' ' + m/{% elif 0 %}{{ ' '+m/" "$model" >"$work/mute.gguf"
run info "$work/mute.gguf"
prints 'info says it of a model' 'leaves out a system message'
printf '{"messages":[{"role":"system","content":"s"},{"role":"user","content":"u"}]}\n%.0s' 1 2 >"$work/text"
input=$work/text run prompt -m "$model" --jsonl --template mute
expect 'prompt says it once' [ "$(grep -c 'leaves system messages out' "$work/err"):$(wc -l <"$work/err")" = 1:1 ]
finish
