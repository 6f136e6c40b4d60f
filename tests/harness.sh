#!/bin/sh
# lm-evaluation-harness against `palaver serve` and `palaver eval`: the same likelihoods on every question. Ends with 77,
# and says why, where the harness is missing (pip install "lm_eval[api]==0.4.13").
#
# usage: harness.sh PALAVER
# PALAVER_PYTHON: a Python that has it (python3); PALAVER_TEST_MODEL: asked too, beside a tiny model
set -eu
palaver=$(realpath "$1")
cd "$(dirname "$0")/.."
python=${PALAVER_PYTHON:-python3}

"$python" -c 'import lm_eval' 2>/dev/null ||
	{ echo "skipped: $python has no lm_eval (pip install \"lm_eval[api]==0.4.13\")"; exit 77; }
"$python" tests/harness.py "$palaver" tests/fixtures/tiny-llama.gguf
[ -z "${PALAVER_TEST_MODEL-}" ] || "$python" tests/harness.py "$palaver" "$PALAVER_TEST_MODEL" 1
