#!/bin/sh
# The history on the command line: list, show, search, export, import, delete, doctor.
. "${srcdir:-.}/tests/terminal/lib.sh"
data=$HOME/.local/share/palaver
db=$data/history.db
sum_of() { cksum <"$1"; }
says() { grep -qF -- "$1" "$work/out" "$work/err"; }
no_escapes() { ! LC_ALL=C grep -qE "$(printf '[\033\007]|\302\233')" "$work/out" "$work/err"; }

# ---- nothing there yet
for command in list show 'search x' 'export --json' 'delete x' 'list --trash'; do
	run $command
	expect "without a history, $command makes none" [ ! -e "$data" ]
done
run list
expect "an empty history is said, not printed" [ "$status:$(cat "$work/out"):$(cat "$work/err")" = \
	"0::[no conversations yet; palaver begins one]" ]
run list --json
prints "an empty history in JSON" '{"conversations":[],"total":0}'
run show
fails_with "nothing to show" 1 "no conversations yet"
run export --json
prints "an empty export" '"format":"palaver-history"'
run export
expect "an empty export as text is told" [ "$status:$(cat "$work/out"):$(cat "$work/err")" = \
	"0::palaver: no conversations yet, so nothing is exported" ]

# ---- the words of commands
run search
fails_with "search without words" 2 "WORD"
run delete
fails_with "delete without a name" 2 "which conversation"
run import
fails_with "import without a file" 2 "FILE"
run list --trash --archived
fails_with "two lists" 2 "--trash"
run list all
fails_with "list takes no word" 2 "'all'"
run export --format pdf
fails_with "an unknown format" 2 "markdown, text, html or json"
run export --json --format html
fails_with "two formats" 2 "--json"

# ---- import
cat >"$work/chats.json" <<'END'
[{"title": "Sky colours", "messages": [
	{"role": "user", "content": "Why is the sky blue?"},
	{"role": "assistant", "content": "Short wavelengths scatter more.\nSchrödinger had no part in it."}]},
 {"title": "Sorting in C", "messages": [
	{"role": "user", "content": "How do I sort \u001b[2J\u001b]0;owned\u0007 an array?"},
	{"role": "assistant", "content": "With qsort.\u0000\u009b31m \u202egnp.exe"}]},
 {"title": "\u001b[31mRed\u0007 \u202etitle\nof two lines\u009b2J 天空天空天空天空天空天空天空天空天空天空天空天空天空天空天空天空天空天空天空天空", "messages": [
	{"role": "user", "content": "An attack"}]}]
END
run import "$work/chats.json" "$work/nosuch.json"
fails_with "a file that is missing among several" 1 "nosuch.json"
run list --json
prints "then nothing of the others is imported" '"total":0'
printf '{"messages": [{"role": "user"' >"$work/broken.json"
run import "$work/broken.json"
fails_with "a broken file" 1 "broken.json"
run import "$work/chats.json"
prints "import tells what it imported" "3 conversations with 5 messages imported"
expect "the database is private" [ "$(stat -c %a "$db" "$data" | tr '\n' ' ')" = "600 700 " ]
input=$work/chats.json
run import --json -
prints "import of standard input, in JSON" '{"conversations":3,"messages":5,"known":0'
input=

# ---- list
run list
expect "a line for each conversation" [ "$status:$(wc -l <"$work/out")" = 0:6 ]
expect "lines are id, date, time, messages, title" [ \
	"$(grep -cE '^[a-z0-9]{8}  [0-9]{4}-[0-9]{2}-[0-9]{2} [0-9]{2}:[0-9]{2} +[12]  [^ ]' "$work/out")" = 6 ]
expect "no escape of a title reaches the output" no_escapes
expect "titles are not cut where there is no terminal" says "天空天空天空天空天空天空天空天空天空天空天空天空天空天空天空天空天空天空天空天空"
cp "$work/out" "$work/list"
run list -n 2
expect "--limit" [ "$(cat "$work/out")" = "$(head -n 2 "$work/list")" ]
run list --tag nosuch
expect "no such tag" [ "$status:$(cat "$work/out")" = 0: ]
id=$(grep 'Sky colours' "$work/list" | head -n 1 | cut -c1-8)
other=$(grep 'Sky colours' "$work/list" | tail -n 1 | cut -c1-8)
sort=$(grep 'Sorting' "$work/list" | tail -n 1 | cut -c1-8)

# ---- show
run show "$id"
prints "show by id" "Short wavelengths scatter more."
run show "$(printf %s "$id" | cut -c1-5)"
prints "show by the beginning of an id" "Short wavelengths"
run show Sky colours
fails_with "a title that two have" 2 "give the id"
run delete "$other"
expect "delete says how to bring it back" says "palaver delete --undo $other"
run show sky COLOURS
prints "show by title, of several words, in any case" "Short wavelengths"
run show ky col
prints "show by a part of a title" "Short wavelengths"
run show Sky colurs
fails_with "a mistyped title" 1 'did you mean "Sky colours"'
run show "$sort"
expect "no escape of a text reaches the output" no_escapes
expect "what was there is seen" says "␛[2J"
run show "$id" --json
prints "show --json is the exchange form" '"format":"palaver-history"'
cp "$work/out" "$work/shown"
run export --json "$id"
expect "export --json gives the same" cmp -s "$work/out" "$work/shown"
run show "$sort" --json
expect "JSON keeps controls as escapes" says '\u001B[2J\u001B]0;owned\u0007'
run show
prints "show without a name: the last one" ""

# ---- search
run search schrodinger
prints "search finds without the accent" "Sky colours: "
expect "search prints the id" grep -q "^$id  " "$work/out"
run search '"blue sky"'
expect "a phrase that is nowhere" [ "$status:$(cat "$work/out"):$(cat "$work/err")" = "0::[no match for \"blue sky\"]" ]
run search 天空
expect "search finds Chinese in titles" [ "$status:$(wc -l <"$work/out")" = 0:2 ]
expect "no escape of a hit reaches the output" no_escapes
run search --json scatter mo
prints "search in JSON" '"role":"assistant"'
expect "marks say where" says '"marks":[[18,25],[26,30]]'
run search -n 1 s
expect "there are more hits" [ "$(wc -l <"$work/out"):$(cat "$work/err")" = "1:[these are the first 1; --limit N shows more]" ]
run search "'; DROP TABLE message; -- \" OR *"
expect "a query is no syntax" [ "$status" = 0 ]

# ---- delete
run list --trash
prints "the trash" "$other"
run delete --undo "$id"
fails_with "what is not in the trash" 1 "trash"
run delete --undo --json Sky colours
prints "brought back by title" "\"id\":\"$other\""
run list
expect "all are there again" [ "$(wc -l <"$work/out")" = 6 ]
run delete "$other" --json
prints "delete in JSON" '"deleted":'
run delete nosuch
fails_with "deleting what is not there" 1 "nosuch"

# ---- export and back
run export -o "$work/all.json"
expect "export to a file prints nothing" [ "$status:$(cat "$work/out" "$work/err")" = 0: ]
expect "the file is private" [ "$(stat -c %a "$work/all.json")" = 600 ]
run import "$work/all.json"
prints "what is there already is left alone" "0 conversations with 0 messages imported, 5 were there already"
HOME=$work/second run import "$work/all.json"
HOME=$work/second run export --json
expect "export, import, export is equal" cmp -s "$work/out" "$work/all.json"
mkfifo "$work/pipe"
run export -o "$work/pipe"
fails_with "export to a named pipe" 1 "$work/pipe: can't be written"
run import "$work/pipe"
fails_with "import of a named pipe" 1 "$work/pipe: not a regular file"
run export -o /dev/stdout
prints "export to a passed descriptor" "Short wavelengths scatter more."
for format in markdown text html; do
	run export --format "$format"
	prints "export as $format" "Short wavelengths scatter more."
	expect "$format has no escapes" no_escapes
done
run export -o "$work/sky.html" "$id"
expect "the file's name chooses the format" grep -q '<!DOCTYPE html>' "$work/sky.html"
echo old >"$work/sky.md"
run export -o "$work/sky.md" "$id" nosuch
fails_with "one of several is not there" 1 "nosuch"
expect "and the file is as it was" [ "$(cat "$work/sky.md")" = old ]
run export -o "$work/no/such/folder.md"
fails_with "a folder that is not there" 1 "folder.md"
if [ -e /dev/full ]; then
	run export -o /dev/full
	fails_with "a full disk" 1 "/dev/full"
fi
expect "no temporary file stays" [ -z "$(find "$work" -maxdepth 1 -name '.*.??????')" ]

# ---- token records, from the fixture
mkdir -p "$work/old/.local/share/palaver"
cp "$srcdir/tests/fixtures/history-1.db" "$work/old/.local/share/palaver/history.db"
chmod -R u+w "$work/old"
old=$HOME
HOME=$work/old
run list
expect "a history of an older version" [ "$status:$(wc -l <"$work/out" | tr -d ' ')" != 0:0 ]
run show sky2c0f7 --tokens
prints "records as CSV" "message,token,id,text,before,after,rank,entropy,settings,forced,best"
expect "a row has its fields" grep -qE '^[0-9]+,1,-?[0-9]+,".*",[0-9.e-]+,[0-9.e-]+,[0-9]*,[0-9.e-]*,[0-9]+,(yes|no),' "$work/out"
run show sky2c0f7 --tokens --json
prints "records as JSON" '"tokens":[{"id":'
HOME=$old
run show "$id" --tokens
expect "a conversation without records says so" says "no token"

# ---- doctor
mkdir -p "$models"
cp "$fixtures/tiny-llama.gguf" "$models" 2>/dev/null
run doctor
expect "all is well" [ "$status:$(grep -c problem "$work/out")" = 0:0 ]
for area in database folders models configuration terminal; do
	expect "doctor looks at $area" grep -q "^$area" "$work/out"
done
run doctor --json
prints "doctor in JSON" '{"good":true,"findings":[{"area":"database"'
mkdir -p "$config"
echo 'temprature = 1' >"$config/config"
run doctor
expect "a mistake in the config file" [ "$status" = 1 ] && says "did you mean temperature"
rm "$config/config"
head -c 1000 "$fixtures/tiny-llama.gguf" >"$models/cut.gguf"
run doctor -x
fails_with "an unknown option" 2 "-x"
PALAVER_MODEL=tiny-llama run doctor
expect "a model that is cut off" [ "$status:$(grep -c '^models *problem.*cut.gguf' "$work/out")" = 1:1 ]
rm "$models/cut.gguf"
run doctor --repair
expect "nothing to repair" says "nothing was changed"

# ---- a damaged one
cp "$db" "$work/good.db"
dd if=/dev/urandom of="$db" bs=1024 seek=16 count=40 conv=notrunc 2>/dev/null
before=$(sum_of "$db")
run doctor
expect "a damaged database is found" [ "$status" = 1 ]
expect "and it tells what to do" says "palaver doctor --repair"
expect "nothing was changed" [ "$before" = "$(sum_of "$db")" ]
run import "$work/chats.json"
expect "a damaged database is not written to" [ "$status:$before" = "1:$(sum_of "$db")" ]
if command -v python3 >/dev/null; then
	# Another program that has it open holds SQLite's shared lock.
	python3 - "$db" "$work/held" <<'END' &
import fcntl, sys, time
f = open(sys.argv[1], 'rb')
fcntl.lockf(f, fcntl.LOCK_SH | fcntl.LOCK_NB, 510, 0x40000002)
open(sys.argv[2], 'w').close()
time.sleep(120)
END
	holder=$!
	for _ in $(seq 300); do [ -e "$work/held" ] && break; sleep 0.2; done
	run doctor --repair
	expect "no repair while another has it open" says "another Palaver has it open"
	expect "it lies where it lay" [ "$before" = "$(sum_of "$db")" ]
	kill "$holder"
	wait "$holder" 2>/dev/null
else
	skip "no repair while another has it open" "no python3"
fi
run doctor --repair
expect "repaired" [ "$status" = 0 ] && says "repaired: "
expect "the damaged one is kept" [ "$before" = "$(cat "$data"/history.db.damaged-*Z | cksum)" ]
run doctor
expect "healthy after the repair" [ "$status" = 0 ]
cp "$work/good.db" "$db"
rm -f "$db-wal" "$db-shm"

# ---- a newer one: SQLite's user_version is at byte 60
printf '\377' | dd of="$db" bs=1 seek=63 conv=notrunc 2>/dev/null
before=$(sum_of "$db")
for command in list show 'search x' 'export --json' "delete $id" "import $work/chats.json"; do
	run $command
	fails_with "a newer database, $command" 1 "newer"
done
run doctor --repair
expect "the doctor leaves a newer database alone" [ "$status:$before" = "1:$(sum_of "$db")" ]
cp "$work/good.db" "$db"
rm -f "$db-wal" "$db-shm"

# ---- files of other programs
run import --json "$srcdir/tests/fixtures/import/sillytavern.jsonl"
prints "JSON Lines with alternatives come in" '{"conversations":1,"messages":6,'
printf '[{"content":"lone \\ud83d"},{"role":"assistant","content":null}]' >"$work/odd.json"
run import "$work/odd.json"
prints "what was replaced is said" "1 broken character replaced"
prints "what was left out is said" "1 message without text left out"
prints "what was guessed is said" "1 author guessed"
rm -f "$db-wal" "$db-shm"
cp "$work/good.db" "$db"

# ---- a folder that can't be written
if [ "$(id -u)" = 0 ]; then
	skip "a folder that can't be written" "root writes everywhere"
else
	chmod 400 "$db"
	chmod 500 "$data"
	run list
	expect "list reads what can't be written" [ "$status:$(wc -l <"$work/out")" = 0:5 ]
	run show "$id"
	prints "show reads it too" "Short wavelengths"
	run delete "$id"
	fails_with "delete can't" 1 "history.db"
	chmod 700 "$data"
	chmod 600 "$db"
fi
finish
