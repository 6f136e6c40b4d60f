#!/bin/sh
# Chatting with a server that is not ours: llama-cpp-python's, where the python of PALAVER_PYTHON (python3) has it
# (pip install "llama-cpp-python[server]"), with the default model; skipped otherwise.
python=${PALAVER_PYTHON:-python3}
. "${srcdir:-.}/tests/terminal/lib.sh"

server=
trap '[ -z "$server" ] || kill "$server"; rm -rf "$work"' EXIT

if ! "$python" -c 'import llama_cpp.server' 2>/dev/null; then
	skip 'a server of llama-cpp-python' "$python has no llama_cpp.server"
	finish
fi
model=${PALAVER_TEST_MODEL:-$HOME/none}
[ -f "$model" ] || { skip 'a server of llama-cpp-python' 'no default model'; finish; }

# A port that was free a moment ago: the server can't be told to choose one and to say which.
port=$("$python" -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])')
"$python" -m llama_cpp.server --model "$model" --model_alias peer --n_threads 1 --n_ctx 512 --logits_all True \
	--host 127.0.0.1 --port "$port" >"$work/served" 2>&1 &
server=$!
mkdir -p "$config"
printf '[peer]\nurl = http://127.0.0.1:%s\nlogprobs = 3\n' "$port" >"$config/endpoints"
chmod 600 "$config/endpoints"
status=1
while [ "$status" != 0 ]; do # it listens when it has loaded
	kill -0 "$server" || exit 1
	run endpoints peer
done

prints 'its log-probabilities are found' 'yes, with 3 alternatives'
prints 'its seeds are found' 'the same seed gave the same answer'
run -m @peer --temperature 0 -n 5 --no-save --json --logprobs 3 -p 'Why is the sky blue?'
prints 'the length is heeded' '"finish":"length"'
prints 'tokens come with their alternatives' '"top":'
run -m peer@peer --temperature 0 --stop sky -n 60 --no-save --json -p 'Say: the sky is blue.'
prints 'stop texts are heeded' '"finish":"end"'
run -m other@peer -n 2 -p Hi
fails_with 'its models are told' 1 'has no model other; it has peer'
seq 1 2000 >"$work/long"
input=$work/long run -m @peer -n 5 --no-save -p -
fails_with 'what is too long for it is told' 1 'without an answer: messages too long for it may do that'
finish
