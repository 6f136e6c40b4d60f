#!/bin/sh
# A model in each form that it is published in: found by its path and in Hugging Face's cache, and what it says is the same.
. "${srcdir:-.}/tests/terminal/lib.sh"

# says NAME PATH...: at temperature 0 all of them give one text, which is not empty.
exact=
says() {
	name=$1
	shift
	first=
	same=yes
	for path; do
		for prompt in "The llama" "the hill and the llama walked" "llama llama"; do
			# shellcheck disable=SC2086 # no word or one
			run -m "$path" --template llama2 --system "You are a llama." -p "$prompt" -n 24 --temp 0 --no-save --quiet $exact
			[ "$status" = 0 ] && [ -s "$work/out" ] || same=no
			cat "$work/out" >>"$work/text"
		done
		mv "$work/text" "$work/this"
		[ -n "$first" ] || { first=$path; cp "$work/this" "$work/first"; }
		cmp -s "$work/first" "$work/this" || same=no
	done
	verdict $same "$name"
}

# one_fingerprint NAME PATH...: all of them have the same.
one_fingerprint() {
	name=$1
	shift
	for path; do
		run info "$path"
		sed -n 's/^fingerprint *//p' "$work/out"
	done | sort -u >"$work/prints"
	expect "$name" [ "$(wc -l <"$work/prints")" = 1 ]
}

says "GGUF and Hugging Face's folder say the same" "$fixtures/hf-llama.gguf" "$fixtures/folder-hf"
one_fingerprint "and have one fingerprint" "$fixtures/hf-llama.gguf" "$fixtures/folder-hf"
cp -r "$fixtures/folder-hf" "$work/json"
rm "$work/json/tokenizer.model"
cp "$fixtures/tokenizer.json" "$work/json"
says "so they do with tokenizer.json in place of tokenizer.model" "$fixtures/folder-hf" "$work/json"
one_fingerprint "and it does not change the fingerprint" "$fixtures/folder-hf" "$work/json"

reference=${PALAVER_REFERENCE:-$srcdir/../shared/reference}
for model in tiny-mha tiny-gqa; do
	if [ ! -d "$reference/$model-meta" ]; then
		skip "$model in all forms" "no $reference"
		continue
	fi
	set -- "$reference/$model.gguf" "$reference/$model-hf" "$reference/$model-meta"
	says "$model in BF16 says the same" "$@"
	exact=--exact
	says "in float32 it does so in F16 too" "$@" "$reference/$model-hf-bin"
	exact=
	one_fingerprint "$model has one fingerprint, in F16 too" "$@" "$reference/$model-hf-bin"
done

# ---- Hugging Face's cache ----------------------------------------------------------------------------------------------
hub=$HOME/.cache/huggingface/hub
mkdir -p "$hub/models--Some-Org--tiny-hf/refs" "$hub/models--Some-Org--tiny-hf/snapshots"
cp -r "$fixtures/folder-hf" "$hub/models--Some-Org--tiny-hf/snapshots/0123abcd"
printf 0123abcd >"$hub/models--Some-Org--tiny-hf/refs/main"
run info -m Some-Org/tiny-hf
prints "ORG/NAME is found in the cache" "name          tiny-hf"
run info -m models--Some-Org--tiny-hf
prints "so is the folder's name" "name          tiny-hf"
run info "$hub/models--Some-Org--tiny-hf"
prints "and its path opens" "name          tiny-hf"
run -m Some-Org/tiny-hf -p llama -n 4 --temp 0 --no-save --quiet --template llama2
expect "it answers" [ "$status" = 0 ]
run info -m Some-Org/other
fails_with "what is not there is told with the cache's place" 1 "$hub"
mv "$HOME/.cache/huggingface" "$work/elsewhere"
HF_HOME=$work/elsewhere run info -m Some-Org/tiny-hf
prints "HF_HOME" "name          tiny-hf"
HF_HUB_CACHE=$work/elsewhere/hub run info -m Some-Org/tiny-hf
prints "HF_HUB_CACHE" "name          tiny-hf"
mkdir -p "$work/Some-Org"
cp -r "$fixtures/folder-hf" "$work/Some-Org/tiny-hf"
cd "$work" || exit 1
HF_HOME=$work/elsewhere run info -m Some-Org/tiny-hf
prints "a folder of that path goes before it" "file          Some-Org/tiny-hf"
finish
