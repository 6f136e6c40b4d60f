#!/bin/sh
# Servers' models as users have them: the endpoints file, answers, keys that stand nowhere. The server is palaver serve with
# a small model.
. "${srcdir:-.}/tests/terminal/lib.sh"

server=
trap '[ -z "$server" ] || kill "$server"; rm -rf "$work"' EXIT

# serve KEY: starts a server, whose port is then in $port; KEY may be empty.
serve() {
	PALAVER_API_KEY=$1 "$palaver" serve -m "$fixtures/sea.gguf" -t 1 --port 0 >"$work/served" 2>&1 &
	server=$!
	port=
	while [ -z "$port" ]; do # it says where it listens, or ends
		port=$(sed -n 's,.*http://127.0.0.1:\([0-9]*\)/v1.*,\1,p' "$work/served" | head -n 1)
		kill -0 "$server" || exit 1
	done
}

# endpoints LINE...: the file, with one endpoint called big.
endpoints() {
	mkdir -p "$config"
	printf '%s\n' '[big]' "$@" >"$config/endpoints"
	chmod 600 "$config/endpoints"
}

# ---- the file --------------------------------------------------------------------------------------------------------

run endpoints
prints 'without a file the usual places are shown and nobody is asked' 'llama-server   http://127.0.0.1:8080/v1'

endpoints 'url = http://127.0.0.1:1'
chmod 644 "$config/endpoints"
run -m m@big -p Hi
fails_with 'a file that others may read is refused' 2 "chmod 600 $config/endpoints"
endpoints 'url = http://127.0.0.1:1' 'key = secret'
run -m m@big -p Hi
fails_with 'a key in the file is refused' 2 ':3: a key does not belong into this file'
endpoints 'key_variable = X'
run -m m@big -p Hi
fails_with 'an endpoint needs an address' 2 'endpoint big has no url'
endpoints 'url = ftp://host/'
run -m m@big -p Hi
fails_with 'an address is one of http' 2 "$config/endpoints:2: a url begins with http://"
endpoints 'url = http://127.0.0.1:1' 'key_file = /x' 'key_variable = X'
run -m m@big -p Hi
fails_with 'a key is in one place' 2 'keep one of'
endpoints 'ulr = http://127.0.0.1:1'
run -m m@big -p Hi
fails_with 'a misspelled name is told' 2 'did you mean url?'
endpoints 'url = http://127.0.0.1:1' 'titles = perhaps'
run -m m@big -p Hi
fails_with 'what is yes or no is one of them' 2 "'perhaps' is neither yes nor no"
endpoints 'url = http://127.0.0.1:1'
run -m m@small -p Hi
fails_with 'an unknown endpoint is told with those that exist' 1 'there is no endpoint small; there are: big,'
run -m m@big -p Hi
fails_with 'a server that is not there is told' 1 '127.0.0.1:1: no connection'
run info -m m@big
fails_with 'what needs a model here says so' 1 'm@big is a server'

# ---- answers ---------------------------------------------------------------------------------------------------------

serve ''
endpoints "url = http://127.0.0.1:$port"
run -m "$fixtures/sea.gguf" --temperature 0 -n 24 --no-save -p 'the sea'
cp "$work/out" "$work/here"
run -m @big --temperature 0 -n 24 --no-save -p 'the sea'
expect 'the same model answers the same from a server' cmp -s "$work/out" "$work/here"
run -m sea@big --temperature 0 -n 24 --no-save --json --logprobs 3 -p 'the sea'
prints 'tokens come with their alternatives' '"prob_before"'
prints 'the server counts the tokens' '"answer_tokens"'
run -m none@big -p Hi
fails_with 'a model that the server does not have is told with those it has' 1 "127.0.0.1:$port has no model none; it has sea"
endpoints "url = http://127.0.0.1:$port" 'context = 100'
run -m @big -n 4 -p "$(printf 'qz%.0s' $(seq 55))"
fails_with 'what looks short enough and the server counts as too long is refused' 1 'and its context has room for 50'
endpoints "url = http://127.0.0.1:$port"
run -m sea@big --temperature 0 -n 8 -p 'the sea'
run show 'the sea'
prints 'the history says who answered' 'the sea'
run export --json
prints 'what the server told is exported' '"host":'
prints 'and that is who made the answer' 'sea@big'
run --temperature 0 -n 8 --json --continue -p 'again'
prints 'a conversation goes on with its server' '"model":"sea@big"'
mv "$config/endpoints" "$work/endpoints"
mkdir -p "$models"
ln -s "$fixtures/sea.gguf" "$models/sea.gguf"
run --temperature 0 -n 2 --json --resume 'the sea' -p 'and more'
rm "$models/sea.gguf"
prints 'and with another model when its endpoint is gone' '"model":"'
mv "$work/endpoints" "$config/endpoints"
run endpoints @big
prints 'a server is tested' 'a server of kind palaver'
prints 'its log-probabilities are found' 'yes, with 5 alternatives'
prints 'its seeds are found' 'yes: the same seed gave the same answer'

# ---- measuring ---------------------------------------------------------------------------------------------------------

printf 'The sea is wide, and the sea is deep; the boat goes far over the sea.\n' >"$work/text"
run perplexity -m "$fixtures/sea.gguf" --ctx 8 --json "$work/text"
sed 's/"model":[^,]*,//; s/,"seconds":.*//' "$work/out" >"$work/here"
run perplexity -m @big --ctx 8 --json "$work/text"
prints 'the perplexity of a server model is told' '"model":"sea@big"'
sed 's/"model":[^,]*,//; s/,"seconds":.*//' "$work/out" >"$work/there"
expect 'and is the same as on this machine' cmp -s "$work/here" "$work/there"
run perplexity -m @big "$work/text" --write-reference "$work/reference"
fails_with 'a reference needs a model on this machine' 1 'a reference needs all predictions'
run perplexity -m @big --ctx 100000 "$work/text"
fails_with 'a window longer than the server allows' 1 'a window of 100000 tokens is longer'
for i in 1 2 3; do
	printf '{"goal":"To sail %s,","sol1":"take a boat","sol2":"take a chair","label":0}\n' "$i"
done >"$work/piqa.jsonl"
run eval -m "$fixtures/sea.gguf" piqa --data "$work/piqa.jsonl" --log "$work/here"
run eval -m @big piqa --data "$work/piqa.jsonl" --log "$work/there"
prints 'a server is asked questions' 'piqa  acc_norm'
expect 'and its log is the same to the digit, prompts and all' cmp -s "$work/here" "$work/there"
run eval -m @big piqa --data "$work/piqa.jsonl" --show 1
prints 'a question is shown token by token' 'To sail 2,'
run eval --list
prints 'its results are listed' 'sea@big'
kill "$server"
wait "$server" 2>/dev/null

# ---- keys ------------------------------------------------------------------------------------------------------------

secret=very-secret-word-7341
serve "$secret"
endpoints "url = http://127.0.0.1:$port"
run -m sea@big -p Hi
fails_with 'a server that wants a key says so' 2 'key_variable'
printf '%s\n' "$secret" >"$work/key"
chmod 600 "$work/key"
endpoints "url = http://127.0.0.1:$port" "key_file = $work/key"
run -m sea@big -n 4 -p Hi
expect 'a key comes from a file' [ "$status" = 0 ]
endpoints "url = http://127.0.0.1:$port" "key_command = cat $work/key"
run -m sea@big -n 4 -p Hi
expect 'a key comes from a command' [ "$status" = 0 ]
endpoints "url = http://127.0.0.1:$port" 'key_variable = BIG_KEY'
export BIG_KEY="$secret"
run endpoints
expect 'a key comes from a variable' [ "$status" = 0 ]
cp "$work/out" "$work/said"
run -m sea@big -n 4 --stats -p Hi
cat "$work/out" "$work/err" >>"$work/said"
run export --json
cat "$work/out" "$work/err" "$work/served" >>"$work/said"
BIG_KEY=wrong-$secret run -m sea@big -n 4 -p Hi
fails_with 'a wrong key is told without it' 2 'does not take the key (401)'
cat "$work/err" >>"$work/said"
run -m sea@big -n 100000 --temperature 0 -p Hi & # long enough to be looked at
asking=$!
sleep_until_asked() { while kill -0 "$asking" && ! ps ax -o args | grep -q '[s]ea@big -n 100000'; do :; done; }
sleep_until_asked
ps ax -o args >>"$work/said"
kill "$server"
wait "$asking" 2>/dev/null
server=
nowhere() { ! grep -qF -- "$secret" "$work/said" && ! grep -rqF -- "$secret" "$HOME"; }
expect 'a key stands in no output, list of processes, file, history or export' nowhere

finish
