#!/bin/sh
# palaver convert and palaver quantize: every form becomes a file that answers alike, and no half file is ever left.
. "${srcdir:-.}/tests/terminal/lib.sh"

run convert
fails_with "convert without a model" 2 "needs a model and -o OUT.gguf"
run convert "$fixtures/folder-hf"
fails_with "convert without a file to write" 2 "needs a model and -o OUT.gguf"
run quantize "$fixtures/folder-hf" "$work/out.gguf"
fails_with "quantize without a type" 2 "needs a model, OUT.gguf and a type"
run quantize "$fixtures/folder-hf" "$work/out.gguf" q9
fails_with "a type that there is not: those that there are" 2 "'q9' is no type of a model; there are F32 F16 BF16 Q8_0"
run quantize nosuch "$work/out.gguf" q4_0
fails_with "a model that is not there" 1 "nosuch"
run convert "$fixtures/folder-hf" -o "$work/out.gguf" --split-max-size 4T
fails_with "a size without M or G" 2 "split-max-size takes a number with M or G"
run convert "$fixtures/folder-hf" -o "$work/none/out.gguf"
fails_with "a folder that is not there" 1 "out.gguf: can't be written: No such file or directory"
run convert "$fixtures/tiny-llama.gguf" -o "$work/out.gguf" --type q4_0
fails_with "a quantised model" 2 "--allow-requantize"
expect "nothing was written" [ ! -e "$work/out.gguf" ]

# answers MODEL: what the program computes and says with it.
answers() {
	printf '{"ids": [1, 200, 45, 17, 300], "greedy": 12}\n' >"$work/ids"
	input=$work/ids run score --jsonl --exact -m "$1"
	cp "$work/out" "$work/answer"
	run -m "$1" --exact -p "Once upon a time" --temperature 0 -n 12
	cat "$work/out" >>"$work/answer"
}
for form in folder-hf folder-meta tiny-llama3.gguf; do
	answers "$fixtures/$form"
	mv "$work/answer" "$work/expected"
	expect "$form answers" [ -s "$work/expected" ]
	for type in own f32; do
		set -- convert "$fixtures/$form" -o "$work/$type.gguf" --force
		[ $type = own ] || set -- "$@" --type $type
		run "$@"
		prints "$form is converted to $type" "$type.gguf: "
		answers "$work/$type.gguf"
		expect "and answers with the same numbers and words" cmp -s "$work/answer" "$work/expected"
	done
done

# llama.cpp does not know dynamic scaling and would take its factor for a linear one.
cp -r "$fixtures/folder-hf" "$work/dynamic" && chmod -R u+w "$work/dynamic"
sed 's/"linear"/"dynamic"/' "$fixtures/folder-hf/config.json" >"$work/dynamic/config.json"
run convert "$work/dynamic" -o "$work/dynamic.gguf"
run info "$work/dynamic.gguf"
prints "dynamic scaling is kept" "scaling dynamic"
expect "under keys that mislead nobody" [ "$(grep -ac 'llama.rope.scaling' "$work/dynamic.gguf")" = 0 ]
answers "$work/dynamic"
mv "$work/answer" "$work/expected"
answers "$work/dynamic.gguf"
expect "with the same answers" cmp -s "$work/answer" "$work/expected"

for type in f16 bf16 q8_0 q4_0 q4_1 q5_0 q5_1 q2_k q3_k_s q3_k_m q3_k_l q4_k_s q4_k_m q5_k_s q5_k_m q6_k iq4_nl iq4_xs; do
	run quantize "$fixtures/tiny-llama3.gguf" "$work/typed.gguf" $type --force -q
	run info "$work/typed.gguf"
	prints "$type opens" "3 layers, width 32"
done
run quantize "$fixtures/tiny-llama3.gguf" "$work/typed.gguf" Q8_0
fails_with "a file that is there stays" 2 "typed.gguf: is there already; --force replaces it"
run quantize "$work/typed.gguf" "$work/typed.gguf" f16 --force --allow-requantize
fails_with "a model is not written over itself" 2 "is the model that is read"
run quantize "$fixtures/tiny-llama3.gguf" "$work/dry.gguf" q8_0 --dry-run
prints "--dry-run tells the types" "F16    -> Q8_0"
prints "and the size" "dry.gguf: "
expect "and writes nothing" [ ! -e "$work/dry.gguf" ]

# In 3 files, and back.
run convert "$fixtures/sea.gguf" -o "$work/whole.gguf"
run convert "$fixtures/sea.gguf" -o "$work/part.gguf" --split-max-size 1M
first=$(ls "$work"/part-00001-of-*.gguf 2>/dev/null)
expect "a model is split" [ -n "$first" ]
run info "$first"
prints "a split model opens" "GGUF 3"

printf 'mine' >"$work/keep.gguf"
status=0
(
	ulimit -f 20
	exec "$palaver" convert "$fixtures/folder-hf" -o "$work/keep.gguf" --force --type f32
) >"$work/out" 2>"$work/err" || status=$?
ran="palaver convert beyond the limit on the size of a file"
fails_with "a file that the disk does not take" 1 "keep.gguf: can't be written: File too large"
expect "what was there is whole" [ "$(cat "$work/keep.gguf")" = mine ]
# shellcheck disable=SC2012 # the names are our own
expect "and nothing is left beside it" [ "$(ls -A "$work" | grep -c '^\.')" = 0 ]
finish
