#!/bin/sh
# palaver embed and palaver similarity, on the fixture's small encoder.
. "${srcdir:-.}/tests/terminal/lib.sh"
bert=$fixtures/tiny-bert

give() { printf "$@" >"$work/in"; input=$work/in; }

give '{"text": "the cat"}\n{"text": 3}\n{"text": ""}\n'
: >"$work/first"
run embed -m "$bert" --jsonl
expect "a bad line does not end the run" [ "$status:$(wc -l <"$work/out")" = 1:3 ]
expect "embed gives ids with both marks" grep -qF '"ids":[3,13,19,4]' "$work/out"
expect "a text of nothing has the marks" grep -qF '"ids":[3,4]' "$work/out"
expect "what is wrong has its line" grep -qF '"line":2' "$work/out"

cut -d, -f2- "$work/out" | head -1 >"$work/alone"
give '{"text": "the light river"}\n\n{"text": "the cat"}\n{\n{"text": "king"}'
run embed -m "$bert" --jsonl
expect "lines that come together are encoded together, each as if alone" grep -qFf "$work/alone" "$work/out"
expect "every line has its own, the last without an end too" [ "$(wc -l <"$work/out")" = 4 ]
expect "a line number counts the empty ones" grep -qF '"line":4' "$work/out"
{
	printf '{"text": "the cat"}\n{"text": "the'
	for i in $(seq 600); do [ ! -s "$work/first" ] || break; sleep 0.1; done
	cp "$work/first" "$work/seen"
	printf ' light"}\n'
} | "$palaver" embed -m "$bert" --jsonl >"$work/first" 2>"$work/err"
expect "who writes a line and waits gets its answer" [ "$(wc -l <"$work/seen"):$(wc -l <"$work/first")" = 1:2 ]

run embed -m "$bert" "the cat" "the light river"
expect "texts may be arguments" [ "$status:$(wc -l <"$work/out")" = 0:2 ]
run embed -m "$bert" "the cat in the house" --max-length 4
expect "--max-length cuts" grep -qF '"ids":[3,13,19,4]' "$work/out"
expect "what was cut is told" grep -q "1 text was longer than 4 tokens" "$work/err"
run embed -m "$bert" --normalize "the cat"
expect "--normalize makes the length 1" python3 -c '
import json, sys
v = json.load(open(sys.argv[1]))["vector"]
sys.exit(abs(sum(x * x for x in v) - 1) > 1e-5)' "$work/out"
for form in json csv npy; do
	run embed -m "$bert" "the cat" "rain" -o "$work/v.$form"
	expect "-o writes .$form" [ "$status" = 0 -a -s "$work/v.$form" ]
done
expect "JSON and CSV have the same numbers, NumPy's file its form" python3 -c '
import json, struct, sys
work = sys.argv[1]
vectors = [row["vector"] for row in json.load(open(work + "/v.json"))]
lines = [[float(x) for x in line.split(",")] for line in open(work + "/v.csv")]
npy = open(work + "/v.npy", "rb").read()
size = struct.unpack("<H", npy[8:10])[0]
assert npy[:8] == b"\x93NUMPY\x01\x00" and (10 + size) % 64 == 0 and npy[10 + size - 1] == 10
assert eval(npy[10:10 + size].decode()) == {"descr": "<f4", "fortran_order": False, "shape": (2, 8)}
numbers = struct.unpack("<16f", npy[10 + size:])
flat = [x for row in vectors for x in row]
assert vectors == lines and all(abs(a - b) <= 1e-6 * abs(a) for a, b in zip(flat, numbers)), (flat, numbers)' "$work"
run embed -m "$bert" "the cat" -o "$work/v.txt"
fails_with "a name that says no format" 2 ".npy"
give '{"text": "the cat"}\n{"text": 3}\n'
run embed -m "$bert" --jsonl -o "$work/none.npy"
fails_with "a bad line of what goes to a file" 1 "standard input:2"
expect "and nothing is written" [ ! -e "$work/none.npy" ]
give ''
run embed -m "$bert"
fails_with "nothing to encode" 2 "takes texts"
run embed -m "$bert" x --max-length 25
fails_with "more than the model reads" 2 "from 2 to 24"
run embed "the cat"
fails_with "no encoder at all" 1 "palaver pull minilm"
run embed -m "$fixtures/tiny-llama.gguf" x
fails_with "a Llama model makes no vectors" 1 "take an encoder"
run -m "$bert" -p hello
fails_with "an encoder does not chat" 1 "makes vectors of texts"

run similarity -m "$bert" "The cat!" "the CAT"
# Eight floats have a length of 1 to seven places alone.
expect "two texts are compared" [ "$status" = 0 ]
expect "texts are cleaned" grep -qx '1.0000000\|0.9999999' "$work/out"
run similarity -m "$bert" --cleaning none "the cat!" "the cat"
expect "--cleaning none leaves them" [ "$status" = 0 -a "$(cat "$work/out")" != 1.0000000 ]
give '{"first": "the cat", "second": "The Cat."}\n{"first": "x"}\n'
run similarity -m "$bert" --jsonl
expect "lines have their similarity" grep -qE '^\{"similarity":(1\.0|0\.9999999[0-9]*|1\.0000001[0-9]*)\}$' "$work/out"
expect "a line without a second text is an error" grep -qF '"line":2' "$work/out"

printf 'id;Question1\n1;"the cat; in ""light"""\n2;rain\n\n3;"the\nriver"\n' >"$work/q.csv"
printf '\357\273\277Klaster_Pertanyaan\r\nrain\r\nthe river\r\nking\r\n' >"$work/c.csv"
run similarity -m "$bert" --questions "$work/q.csv:Question1" --clusters "$work/c.csv:Klaster_Pertanyaan" -o "$work/p.csv"
expect "every pair" [ "$status" = 0 ]
expect "in a table as the article has it" python3 -c '
import csv, sys
rows = list(csv.reader(open(sys.argv[1], newline="")))
assert rows[0] == ["index", "Pertanyaan1", "Pertanyaan2", "Similarity"], rows[0]
assert [r[0] for r in rows[1:]] == [str(i) for i in range(9)]
assert rows[1][1] == "the cat; in \"light\"" and rows[7][1] == "the\nriver"
assert [r[2] for r in rows[4:7]] == ["rain", "the river", "king"]
assert abs(float(rows[4][3]) - 1) < 1e-6 and abs(float(rows[8][3]) - 1) < 1e-6' "$work/p.csv"
run similarity -m "$bert" --questions "$work/q.csv:Question1" --clusters "$work/c.csv:Klaster_Pertanyaan" \
	-o "$work/p.csv" --best 1 --columns n,a,b,s
expect "--best takes the likest, --columns names" [ "$(sed -n '1p;3p' "$work/p.csv" | cut -d, -f1-3 | tr '\n' ' ')" = "n,a,b 1,rain,rain " ]
cp "$work/c.csv" "$work/c.before"
run similarity -m "$bert" --questions "$work/q.csv:Question1" --clusters "$work/c.csv:Klaster_Pertanyaan" \
	-o "$work/../${work##*/}/c.csv"
fails_with "a table onto one of its sources" 2 "choose another one"
expect "which is as it was" cmp "$work/c.csv" "$work/c.before"
run similarity -m "$bert" --questions "$work/q.csv:Nothing" --clusters "$work/c.csv:Klaster_Pertanyaan" -o "$work/p.csv"
fails_with "a column that is not there" 1 "there are: id, Question1"
printf 'a,b\n1,"x"y\n' >"$work/bad.csv"
run similarity -m "$bert" --questions "$work/bad.csv:b" --clusters "$work/c.csv:Klaster_Pertanyaan" -o "$work/p.csv"
fails_with "a quote in the wrong place" 1 "bad.csv:2:6"
printf 'a,b\n1,x\n2\n' >"$work/bad.csv"
run similarity -m "$bert" --questions "$work/bad.csv:b" --clusters "$work/c.csv:Klaster_Pertanyaan" -o "$work/p.csv"
fails_with "a record that is too short" 1 "bad.csv:3:2"
printf 'a\ncaf\351\n' >"$work/latin.csv"
run similarity -m "$bert" --questions "$work/latin.csv:a" --clusters "$work/c.csv:Klaster_Pertanyaan" -o "$work/p.csv"
fails_with "Latin-1 that was not named" 1 "latin.csv:2:4"
run similarity -m "$bert" --questions "$work/latin.csv:a" --clusters "$work/c.csv:Klaster_Pertanyaan" -o "$work/p.csv" \
	--encoding latin-1 --best 1
expect "--encoding latin-1" grep -q 'café' "$work/p.csv"
printf 'a\ncaf\351 \226 \200 5\n' >"$work/windows.csv"
for name in cp1252 Windows-1252; do
	run similarity -m "$bert" --questions "$work/windows.csv:a" --clusters "$work/c.csv:Klaster_Pertanyaan" -o "$work/p.csv" \
		--encoding "$name" --best 1
	expect "--encoding $name" grep -q 'café – € 5' "$work/p.csv"
done
run similarity -m "$bert" --questions "$work/latin.csv:a" --clusters "$work/c.csv:Klaster_Pertanyaan" -o "$work/p.csv" \
	--encoding koi8
fails_with "an encoding that is not read here" 2 "'koi8' is no encoding that is read here: utf-8, latin-1"
run similarity -m "$bert" --questions "$work/q.csv:Question1"
fails_with "half a table" 2 "--clusters"
run similarity -m "$bert" "one text"
fails_with "one text" 2 "compares two texts"
finish
