/* Patterns: the regular expressions by which published tokenizers cut a text into words.
 *
 * Understood: alternatives, groups ( ) (?: ) (?i: ), classes [ ] [^ ] with ranges, \s \S \d \D \w \W, \p{..} and \P{..} of
 * general categories, escapes \r \n \t \f \v \xHH \uHHHH \UHHHHHHHH, a dot, the end $, lookahead (?= ) and (?! ), and the
 * quantifiers ? * + {m} {m,} {m,n}, greedy or possessive. Expressions are some hundred bytes. Matching is by backtracking,
 * bounded in steps and depth; as in Oniguruma and Python's regex the first alternative that matches wins.
 *
 * A pattern is read-only once made and may be shared by threads. */
#ifndef PALAVER_ENGINE_TEXT_PATTERN_H
#define PALAVER_ENGINE_TEXT_PATTERN_H

#include <stdbool.h>
#include <stddef.h>

#include "base/error.h"

struct pattern;

/* NULL with ERR_UNSUPPORTED for an expression that holds something else, ERR_MEMORY when out of memory. */
struct pattern *pattern_new(const char *expression, size_t size, struct error *err);
void pattern_free(struct pattern *p);

/* Finds the first match of at least one byte in text[from..size), which may be any bytes: text[*start..*end). False when
 * there is none, or none within the bounds. */
bool pattern_find(const struct pattern *p, const char *text, size_t size, size_t from, size_t *start, size_t *end);

#endif
