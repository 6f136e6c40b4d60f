/* What Python's str methods do, as far as prompts need it. */
#include <config.h>

#include "app/eval/strings.h"

#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#include <utf8proc.h>

#include "base/buf.h"

/* Decodes one character of at most size bytes, and returns its bytes; what is not UTF-8 is taken byte by byte. */
static size_t decode(const char *text, size_t size, utf8proc_int32_t *c)
{
    const utf8proc_ssize_t n = utf8proc_iterate((const utf8proc_uint8_t *)text, (utf8proc_ssize_t)size, c);
    if (n > 0)
        return (size_t)n;
    *c = (unsigned char)*text;
    return 1;
}

/* str.isspace() of a character. */
static bool is_space(utf8proc_int32_t c)
{
    if (c < 0x80)
        return c == ' ' || (c >= 9 && c <= 13) || (c >= 0x1c && c <= 0x1f);
    const utf8proc_category_t category = utf8proc_category(c);
    return c == 0x85 || category == UTF8PROC_CATEGORY_ZS || category == UTF8PROC_CATEGORY_ZL ||
           category == UTF8PROC_CATEGORY_ZP;
}

size_t strings_strip(const char **text)
{
    size_t size = strlen(*text), end = 0;
    utf8proc_int32_t c;
    for (size_t n; size > 0 && (n = decode(*text, size, &c), is_space(c)); size -= n)
        *text += n;
    for (size_t at = 0, n; at < size; at += n) {
        n = decode(*text + at, size - at, &c);
        if (!is_space(c))
            end = at + n;
    }
    return end;
}

size_t strings_length(const char *text)
{
    size_t length = 0, size = strlen(text);
    utf8proc_int32_t c;
    for (size_t at = 0; at < size; length++)
        at += decode(text + at, size - at, &c);
    return length;
}

static void append_char(struct buf *out, utf8proc_int32_t c)
{
    utf8proc_uint8_t bytes[4];
    const utf8proc_ssize_t n = utf8proc_encode_char(c, bytes);
    buf_append(out, bytes, (size_t)n);
}

void strings_capitalize(const char *text, struct buf *out)
{
    const size_t size = strlen(text);
    for (size_t at = 0, n; at < size; at += n) {
        utf8proc_int32_t c;
        n = decode(text + at, size - at, &c);
        append_char(out, at == 0 ? utf8proc_totitle(c) : utf8proc_tolower(c));
    }
}

void strings_lower(const char *text, struct buf *out)
{
    const size_t size = strlen(text);
    for (size_t at = 0, n; at < size; at += n) {
        utf8proc_int32_t c;
        n = decode(text + at, size - at, &c);
        append_char(out, utf8proc_tolower(c));
    }
}

void strings_replace(const char *text, const char *from, const char *to, struct buf *out)
{
    for (const char *found; (found = strstr(text, from)) != NULL; text = found + strlen(from)) {
        buf_append(out, text, (size_t)(found - text));
        buf_puts(out, to);
    }
    buf_puts(out, text);
}
