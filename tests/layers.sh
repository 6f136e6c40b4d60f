#!/bin/sh
# The include rule: base includes nobody; engine, history and ui include base and themselves; app includes of another
# folder only its public header.
cd "${srcdir:-.}" || exit 1
public='engine/engine.h history/history.h ui/ui.h'
bad=0
for here in base app engine history ui; do
	[ -d $here ] || continue
	for there in app engine history ui; do
		[ $here = $there ] && continue
		found=$(grep -rnE --include='*.[ch]' "#[ \t]*include[ \t]*\"$there/" $here)
		if [ $here = app ]; then
			for header in $public; do
				found=$(printf '%s\n' "$found" | grep -vF "\"$header\"")
			done
		fi
		[ -z "$found" ] || { printf '%s\n' "$found"; bad=1; }
	done
done
exit $bad
