# The stages of ./check as jobs of one make, so that they share the processors; scripts/stage does them. The plain build's
# program is what lm-evaluation-harness asks.
.PHONY: plain harness sanitized threads fuzz
plain harness sanitized threads fuzz:
	+@scripts/stage $@
harness: plain
