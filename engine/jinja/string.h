/* What Python's str can do, on texts with origins; methods and filters share it. Internal to engine/jinja. */
#ifndef PALAVER_ENGINE_JINJA_STRING_H
#define PALAVER_ENGINE_JINJA_STRING_H

#include "engine/jinja/unicode.h"
#include "engine/jinja/value.h"

/* The text without the characters of chars (NULL: white space) at its beginning and end. */
struct jtext *jstring_strip(struct jheap *h, struct jtext *t, struct jtext *chars, bool left, bool right);
/* old replaced by fresh, at most `most` times unless that is negative. */
struct jtext *jstring_replace(struct jheap *h, struct jtext *t, struct jtext *old, struct jtext *fresh, int64_t most);
/* The parts between separators (NULL: between stretches of white space), at most `most` cuts unless that is negative,
 * counted from the end when `last`. */
struct jlist *jstring_split(struct jheap *h, struct jtext *t, struct jtext *separator, int64_t most, bool last);
struct jlist *jstring_lines(struct jheap *h, struct jtext *t, bool keep_ends);
struct jtext *jstring_join(struct jheap *h, struct jtext *separator, const struct jlist *texts);
struct jtext *jstring_case(struct jheap *h, struct jtext *t, enum jcase wanted);
struct jtext *jstring_capitalize(struct jheap *h, struct jtext *t);
/* Every word begins with a capital; words are stretches of cased letters as str.title has them, or with `filter` what
 * stands between white space, hyphens and opening brackets, as the filter title has them. */
struct jtext *jstring_title(struct jheap *h, struct jtext *t, bool filter);
/* Filled up to that many characters: '<' at the end, '>' at the beginning, '^' at both. */
struct jtext *jstring_pad(struct jheap *h, struct jtext *t, int64_t width, struct jtext *fill, char align);
bool jstring_is_lower(struct jheap *h, struct jtext *t);
bool jstring_is_upper(struct jheap *h, struct jtext *t);

#endif
