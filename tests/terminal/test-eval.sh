#!/bin/sh
# palaver eval on the fixture's small model and on our own questions.
. "${srcdir:-.}/tests/terminal/lib.sh"
tiny=$fixtures/tiny-llama.gguf
if [ ! -f "$tiny" ]; then
	skip "eval" "no $tiny"
	finish
fi
piqa='{"goal":"To sit,","sol1":"use a chair","sol2":"use a knife","label":0}'
mkdir "$work/data"
for i in 1 2 3 4 5 6; do printf '%s\n' "$piqa" | sed "s/sit/sit $i/"; done >"$work/data/piqa.jsonl"
printf '{"context":"a","question":"b","answerA":"c","answerB":"d","answerC":"e","label":"2"}\n' >"$work/data/siqa.jsonl"
lines() { wc -l <"$1" | tr -d ' '; }

run eval -m "$tiny" piqa --data "$work/data" --log "$work/log"
prints "a task is asked" "piqa  acc_norm"
expect "the log has a line a question" [ "$(lines "$work/log")" = 6 ]
for key in task index prompt_ids choices loglikelihood is_greedy target acc acc_norm; do
	expect "each has $key" [ "$(grep -c "\"$key\":" "$work/log")" = 6 ]
done
cp "$work/log" "$work/first"
run eval -m "$tiny" piqa --data "$work/data" --log "$work/log"
expect "what was answered is not asked again, and logged alike" cmp -s "$work/log" "$work/first"
run eval -m "$tiny" PIQA siqa --data "$work/data" --json --limit 2
prints "scores as JSON, of the first questions" '"piqa":{"questions":2,"acc_norm":'
expect "each task has its own" grep -qF '"siqa":{"questions":1,"acc":' "$work/out"

run eval -m "$tiny" -m "$tiny" piqa --data "$work/data"
prints "two models side by side" "2: tiny-llama"
expect "and how many answers differ" grep -q "differ$" "$work/out"
run eval -m "$tiny" -m "$tiny" piqa --data "$work/data" --json
prints "the same as JSON" '"differ":{"piqa":[]}'

run eval -m "$tiny" piqa --data "$work/data" --cache-type q8_0 --log "$work/log"
expect "with a cache in 8 bits all is asked again" [ "$(lines "$work/log"):$(ls "$HOME"/.local/share/palaver/evaluations/piqa-*-q8_0.jsonl | wc -l)" = 6:1 ]
expect "and answered a little otherwise" eval '! cmp -s "$work/log" "$work/first"'
run eval -m "$tiny" piqa --data "$work/data" --cache-type q8_0 --exact
fails_with "the exact mode has no such cache" 2 "--cache-type"

run eval --list
prints "results are listed" "tiny-llama"
run eval --list piqa --format csv
expect "as CSV" [ "$status:$(head -n 1 "$work/out")" = "0:started,model,task,shots,metric,score %,±,asked,total,exact,cache,data" ]
run eval --list siqa --format markdown
expect "as Markdown, of one task" [ "$status:$(grep -c '^| .*| tiny-llama | siqa |' "$work/out")" = 0:1 ]
expect "results with another cache stand apart" [ "$(grep -c '| q8_0 |\|| f16 |' "$work/out")" = 1 ]
run eval --list --json
prints "as JSON" '"results":{"questions":6,'
run eval -m "$tiny" piqa --data "$work/data" --show 3
prints "a question is shown token by token" "To sit 4,"
expect "with its right choice" grep -q '^right 0  use a chair' "$work/out"
run eval -m "$tiny" piqa --data "$work/data" --show wrong
expect "those answered wrongly are listed" [ "$status" = 0 ]
run eval -m "$tiny" piqa --data "$work/data" --show 6
fails_with "a question that was not asked" 1 "question 6 has not been asked"
run eval -m "$tiny" piqa --data "$work/data" --show six
fails_with "no number" 2 "--show"

run eval
fails_with "neither task nor data" 2 "--sample"
run eval -m "$tiny" piqa
fails_with "no data" 2 "--data"
run eval -m "$tiny" nosuch --data "$work/data"
fails_with "no such task" 2 "'nosuch'"
run eval -m "$tiny" arc_easy --data "$work/data"
fails_with "no data for the task" 1 "neither arc_easy.jsonl nor arc.jsonl"
run eval -m "$tiny" winogrande --data "$work/data/piqa.jsonl" --shots 0
fails_with "other columns" 1 "piqa.jsonl:1: there is no column"
run eval -m "$tiny" piqa --data "$work/data" --sample
fails_with "two kinds of data" 2 "exclude"
run eval -m "$work/nosuch.gguf" piqa --data "$work/data"
expect "no such model" [ "$status" = 1 ]
PATH_BEFORE=$PATH
PATH=$work
run eval -m "$tiny" humaneval --sample --run-code
PATH=$PATH_BEFORE
fails_with "no program is run without a sandbox" 1 "install bubblewrap"
run eval -m "$tiny" humaneval --sample --limit 2 --ctx 2048 --programs "$work/programs"
prints "programs that are not run have no score" "not run"
expect "they are written for the evaluator" [ "$(grep -c '^{"task_id":"Own/[01]","completion":"' "$work/programs")" = 2 ]

run eval -m "$tiny" --sample --limit 2 --ctx 2048 --json
for task in arc_easy arc_challenge hellaswag mmlu truthfulqa_mc1 truthfulqa_mc2 piqa siqa openbookqa winogrande race \
	boolq triviaqa nq_open gsm8k humaneval mbpp; do
	expect "$task has questions of our own" grep -qF "\"$task\":{\"questions\":2" "$work/out"
done

# stop_by SIGNAL: begins an evaluation, waits until some questions are done, and sends it the signal.
i=0
while [ $i -lt 4000 ]; do
	i=$((i + 1))
	printf '%s\n' "$piqa" | sed "s/sit/sit down number $i/"
done >"$work/many.jsonl"
kept=$HOME/.local/share/palaver/evaluations
kept_lines() { cat "$kept"/piqa-*-exact.jsonl 2>/dev/null | wc -l; }
stop_by() {
	enough=$(($(kept_lines) + 20))
	env --default-signal=INT "$palaver" eval -m "$tiny" piqa --data "$work/many.jsonl" --exact -t 1 >"$work/out" 2>"$work/err" &
	child=$!
	while [ "$(kept_lines)" -lt $enough ] && kill -0 "$child" 2>/dev/null; do sleep 0.02; done
	kill -s "$1" "$child"
	status=0
	wait "$child" || status=$?
	ran="palaver eval, stopped by $1"
}
stop_by INT
expect "Ctrl-C ends it with the scores so far" eval '[ "$status" = 130 ] && grep -q "^piqa  acc_norm" "$work/out"'
before=$(kept_lines)
stop_by TERM
expect "SIGTERM ends it by that signal" [ "$status" = 143 ]
expect "the same command went on where it had stopped" eval '[ "$(kept_lines)" -gt "$before" ] && [ "$(grep -c "\"index\":0," "$kept"/piqa-*-exact.jsonl)" = 1 ]'
done=$(($(kept_lines) - 1))
run eval --list --json
expect "what was done is kept" grep -qF "\"results\":{\"questions\":$done," "$work/out"
finish
