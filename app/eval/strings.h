/* What Python's str methods do to the texts of questions: the published prompts are defined by them. A character becomes
 * one character; the few that Python makes two of (a title-case sharp s) do not occur in the published sets. */
#ifndef PALAVER_APP_EVAL_STRINGS_H
#define PALAVER_APP_EVAL_STRINGS_H

#include <stddef.h>

#include "base/buf.h"

/* str.strip(): *text moves to the first character that is no white space; returns the bytes up to the last one. */
size_t strings_strip(const char **text);
/* len(): code points. */
size_t strings_length(const char *text);
/* Appends str.capitalize(): the first character in title case, the rest in lower case. */
void strings_capitalize(const char *text, struct buf *out);
/* Appends str.lower(), character by character. */
void strings_lower(const char *text, struct buf *out);
/* Appends text with each `from` replaced by `to`, left to right. */
void strings_replace(const char *text, const char *from, const char *to, struct buf *out);

#endif
