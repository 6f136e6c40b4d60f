#!/bin/sh
# palaver pull and palaver models as scripts see them: exit status, the path on standard output, all else on standard error.
# What a server can do wrong is in tests/unit/test-pull.c.
. "${srcdir:-.}/tests/terminal/lib.sh"
for name in HF_TOKEN HF_ENDPOINT PIP_INDEX_URL http_proxy https_proxy all_proxy HTTPS_PROXY ALL_PROXY; do unset "$name"; done
tiny=$fixtures/tiny-llama.gguf

run pull
fails_with "pull without a name" 2 "takes one name or address"
run pull one two
fails_with "pull with two" 2 "takes one name or address"
run pull nosuchname
fails_with "a name that is none tells the short names" 2 "smollm2"
run pull --sha256 12 smollm2
fails_with "a checksum that is none" 2 "64 hexadecimal digits"
run pull file:///etc/passwd
fails_with "other than http and https" 2 "only http and https"
known=$(sed -n 's/.*"\([0-9a-f]\{64\}\)"},$/\1/p' "$srcdir/remote/known.c")
expect "scripts/fetch-model and palaver pull mean the same file" grep -q "sum=$known" "$srcdir/scripts/fetch-model"

# ---- models
run models --json
prints "no models in JSON" '"models":[]'
run models
expect "no models: how to get one" grep -q "palaver pull smollm2" "$work/err"
mkdir -p "$models/growing.part"
cp "$tiny" "$models/b-tiny.gguf"
head -c 5000 "$tiny" >"$models/a-broken.gguf"
echo '{}' >"$models/growing.part/config.json"
run models
expect "a table: two rows and a head" [ "$status $(wc -l <"$work/out")" = "0 3" ]
expect "sorted, with form, type, whether it fits and how fast it may be" grep -Eq '^b-tiny\.gguf +GGUF 3 +[0-9.]+ [kM]B +[A-Z0-9_]+ +[0-9]+ +[0-9.]+ MB +yes +~[0-9]+ t/s expected$' "$work/out"
expect "a broken file has a row that says why" grep -Eq '^a-broken\.gguf +.*fetch' "$work/out"
run models --json
prints "models --json" '"fits":"yes"'
prints "the reason in JSON" '"problem":'
cp "$tiny" "$work/else.gguf"
PALAVER_MODEL=$work/else.gguf run models
expect "the configured model is listed too" grep -q "else.gguf" "$work/out"
run models "$fixtures/folder-hf" "$work/else.gguf"
expect "models and folders by path" [ "$(wc -l <"$work/out")" = 3 ]
run models "$work/nosuch"
fails_with "a folder that is not there" 1 "nosuch"
if command -v python3 >/dev/null; then
	expect "the JSON can be read" sh -c "'$palaver' models --json | python3 -m json.tool >/dev/null"
fi
rm -rf "$models"

# ---- pull
command -v python3 >/dev/null || { skip "pulling" "no python3"; finish; }
mkdir -p "$work/served/org+gguf"
cp "$tiny" "$work/served/tiny.gguf"
cp "$tiny" "$work/served/org+gguf/tiny.Q4_K_M.gguf"
cp -R "$fixtures/folder-hf" "$work/served/org+folder"
mkfifo "$work/hold"
python3 "$srcdir/tests/unit/server.py" "$work/served" <"$work/hold" >"$work/port" &
exec 3>"$work/hold" # the server ends with it
until [ -s "$work/port" ]; do sleep 0.05; done
host=http://127.0.0.1:$(cat "$work/port")

run pull "$host/plain/tiny.gguf"
expect "the path is all of standard output" [ "$(cat "$work/out")" = "$models/tiny.gguf" ]
expect "the file is the same" cmp -s "$tiny" "$models/tiny.gguf"
expect "nobody else may read it" [ "$(stat -c %a "$models/tiny.gguf")" = 600 ]
run info tiny
prints "the model can be used by its name" "tiny.gguf"
run pull -q "$host/plain/tiny.gguf"
fails_with "what is there is not replaced" 2 "is there already"
rm "$models/tiny.gguf"
run pull -q "$host/breaks/tiny.gguf"
expect "a broken connection, quietly" [ "$status" = 0 ] && expect "nothing on standard error" [ ! -s "$work/err" ]
rm "$models/tiny.gguf"
run pull -q "$host/short/tiny.gguf"
fails_with "a model that is cut off gets no name" 1 "tiny.gguf.part"
expect "it does not" [ ! -e "$models/tiny.gguf" ]
rm -f "$models"/*
run pull -q "$host/page/tiny.gguf"
fails_with "a login page" 1 "web page"
run pull -q "$host/gone/tiny.gguf"
fails_with "not there" 1 "404"
expect "nothing is left of these" [ -z "$(ls "$models")" ]

HF_ENDPOINT=$host/hub run pull -q org/gguf
expect "a repository" cmp -s "$tiny" "$models/tiny.Q4_K_M.gguf"
HF_ENDPOINT=$host/hub/ run pull org/folder
expect "a folder" [ "$(cat "$work/out")" = "$models/folder" ]
expect "its files are told" grep -q "model-00002-of-00002.safetensors" "$work/err"
run models
expect "the folder is a model" grep -Eq '^folder +Hugging Face' "$work/out"
HF_TOKEN=secret-token HF_ENDPOINT=$host/hub run pull org/private
fails_with "no such repository" 1 "404"
cat "$work/out" "$work/err" >"$work/all"
HF_TOKEN=secret-token HF_ENDPOINT=$host/hub run pull "$host/private/x.gguf"
cat "$work/out" "$work/err" >>"$work/all"
expect "the token was sent" grep -q secret-token "$work/served/requests"
expect "and is shown nowhere" sh -c "! grep -rq secret-token '$work/all' '$HOME'"

# ---- stopped
cat >"$work/interrupt.py" <<'END'
import os, signal, subprocess, sys, time
part, *command = sys.argv[1:]
p = subprocess.Popen(command, preexec_fn=lambda: signal.signal(signal.SIGINT, signal.default_int_handler))
while p.poll() is None and not (os.path.exists(part) and os.path.getsize(part)):
    time.sleep(0.02)
p.send_signal(signal.SIGINT)
sys.exit(p.wait())
END
sum=0000000000000000000000000000000000000000000000000000000000000000
status=0 ran="an interrupted pull"
python3 "$work/interrupt.py" "$models/big.gguf.part" "$palaver" pull --sha256 $sum "$host/endless/big.gguf" \
	>"$work/out" 2>"$work/err" || status=$?
expect "Ctrl-C ends it with status 130" [ "$status" = 130 ]
expect "and says how to continue" grep -qF "the same command continues where it stopped" "$work/err"
expect "what has come is kept as a part" [ -s "$models/big.gguf.part" ]
expect "and only so" [ ! -e "$models/big.gguf" ]
exec 3>&-
finish
