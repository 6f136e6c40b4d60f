#!/bin/sh
# The include rule, between folders and inside of them.
#
# Between folders: base includes nobody; engine, history, remote and ui include base and themselves; app includes of
# another folder only its public header, and serve that of engine. Inside a folder: its rooms are a stair, and a file
# includes of its own room and of those below. Files beside the rooms (engine.h, ui.h and the like) count as named in the
# stair by a dot.
cd "$(dirname "$0")/.." || exit 1
public='engine/engine.h history/history.h remote/remote.h serve/serve.h ui/ui.h'
bad=0

report() {
	[ -z "$1" ] || { printf '%s\n' "$1"; bad=1; }
}

for here in base app engine history remote serve ui; do
	for there in app engine history remote serve ui; do
		[ $here = $there ] && continue
		found=$(grep -rnE --include='*.[ch]' "#[ \t]*include[ \t]*\"$there/" $here)
		if [ $here = app ] || [ $here$there = serveengine ]; then
			for header in $public; do
				found=$(printf '%s\n' "$found" | grep -vF "\"$header\"")
			done
		fi
		report "$found"
	done
done

# stair FOLDER ROOM...: rooms from the ground up; a room includes none of those that follow. Rooms joined by + stand side
# by side and do not include each other.
stair() {
	folder=$1
	shift
	while [ $# -gt 0 ]; do
		floor=$1
		shift
		for room in $(echo "$floor" | tr + ' '); do
			above=$(echo "$* $floor" | tr + ' ')
			for there in $above; do
				[ "$there" = "$room" ] && continue
				if [ "$room" = . ]; then files=$(ls "$folder"/*.[ch]); else files=$(ls "$folder/$room"/*.[ch]); fi
				# shellcheck disable=SC2086 # the names are words
				[ "$there" = . ] && { # of the files beside the rooms, a room that lies below them knows the face alone
					report "$(grep -nE "#[ \t]*include[ \t]*\"$folder/[^/]*\"" $files /dev/null | grep -vF "\"$folder/$folder.h\"")"
					continue
				}
				# shellcheck disable=SC2086
				report "$(grep -nE "#[ \t]*include[ \t]*\"$folder/$there/" $files /dev/null)"
			done
		done
	done
}

stair app text options terminal library eval chat meaning slash line+screen commands help .
stair engine kernels+jinja file text sample model run convert
stair history . port+repair
stair ui text keys draw panes .

for room in app/* engine/* history/* remote/* ui/*; do # none that the stair forgets
	[ ! -d "$room" ] || [ "$room" = engine/templates ] || grep -qE "^stair ${room%%/*} (.*[ +])?${room#*/}([ +].*)?\$" tests/layers.sh ||
		{ echo "$room: not in the stair"; bad=1; }
done
exit $bad
