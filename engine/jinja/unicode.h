/* What Python's str knows of characters: classes and case. By utf8proc's tables. Internal to engine/jinja. */
#ifndef PALAVER_ENGINE_JINJA_UNICODE_H
#define PALAVER_ENGINE_JINJA_UNICODE_H

#include "engine/jinja/text.h"

/* UTF8_INVALID is in no class. */
bool juni_is_space(uint32_t code);
bool juni_is_alpha(uint32_t code);
bool juni_is_decimal(uint32_t code);
bool juni_is_digit(uint32_t code);
bool juni_is_numeric(uint32_t code);
bool juni_is_alnum(uint32_t code);
bool juni_is_upper(uint32_t code);
bool juni_is_lower(uint32_t code);
bool juni_is_title(uint32_t code);
bool juni_is_printable(uint32_t code);

/* The bytes of the white space that ends right before bytes[size], or begins at bytes[0]; 0 when none does. */
size_t juni_space_before(const char *bytes, size_t size);
size_t juni_space_after(const char *bytes, size_t size);

enum jcase { CASE_UPPER, CASE_LOWER, CASE_TITLE };
/* Appends character at byte `at` of t in that case. */
void juni_append(struct jbuild *b, struct jtext *t, size_t at, enum jcase wanted);

#endif
