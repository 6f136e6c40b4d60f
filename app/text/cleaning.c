/* Cleaning: lower case by Unicode's tables, with the two cases that are not character by character: U+0130, which becomes
 * two, and sigma at the end of a word. */
#include <config.h>

#include "app/text/cleaning.h"

#include <stdint.h>
#include <string.h>

#include <utf8proc.h>

#include "base/utf8.h"

static utf8proc_category_t category_of(uint32_t code)
{
    return code == UTF8_INVALID ? UTF8PROC_CATEGORY_SO : utf8proc_category((utf8proc_int32_t)code);
}

static bool is_cased(uint32_t code)
{
    const utf8proc_category_t c = category_of(code);
    return c == UTF8PROC_CATEGORY_LU || c == UTF8PROC_CATEGORY_LL || c == UTF8PROC_CATEGORY_LT;
}

/* Marks and the like, which a word may have between its letters. */
static bool is_passed(uint32_t code)
{
    const utf8proc_category_t c = category_of(code);
    return c == UTF8PROC_CATEGORY_MN || c == UTF8PROC_CATEGORY_ME || c == UTF8PROC_CATEGORY_CF ||
           c == UTF8PROC_CATEGORY_LM || c == UTF8PROC_CATEGORY_SK || code == '\'' || code == '.' || code == ':' ||
           code == 0xB7 || code == 0x2019;
}

static bool is_blank(uint32_t code)
{
    const utf8proc_category_t c = category_of(code);
    return (code >= '\t' && code <= '\r') || (code >= 0x1C && code <= 0x1F) || code == 0x85 ||
           c == UTF8PROC_CATEGORY_ZS || c == UTF8PROC_CATEGORY_ZL || c == UTF8PROC_CATEGORY_ZP;
}

/* Whether no letter with case follows in this word. */
static bool ends_word(const char *text, size_t size)
{
    for (size_t at = 0, used; at < size; at += used) {
        const uint32_t code = utf8_decode(text + at, size - at, &used);
        if (!is_passed(code))
            return !is_cased(code);
    }
    return true;
}

static void put_code(struct buf *out, uint32_t code)
{
    char bytes[4];
    buf_append(out, bytes, utf8_encode(code == UTF8_INVALID ? 0xFFFD : code, bytes));
}

static void put_lower(struct buf *out, uint32_t code, bool final)
{
    if (code == 0x130)
        buf_puts(out, "i\xCC\x87");
    else if (code == 0x3A3 && final)
        put_code(out, 0x3C2);
    else
        put_code(out, code == UTF8_INVALID ? code : (uint32_t)utf8proc_tolower((utf8proc_int32_t)code));
}

static bool is_punctuation(uint32_t code)
{
    return code > ' ' && code < 0x7F && strchr("!\"#$%&'()*+,-./:;<=>?@[\\]^_`{|}~", (int)code) != NULL;
}

bool cleaning_article(struct buf *out, const char *text, size_t size)
{
    size_t end = out->size; /* after the last character that is not blank */
    const size_t begin = end;
    bool in_word = false; /* a letter with case came before */
    for (size_t at = 0, used; at < size; at += used) {
        const uint32_t code = utf8_decode(text + at, size - at, &used);
        const bool final = in_word && ends_word(text + at + used, size - at - used);
        in_word = is_cased(code) || (in_word && is_passed(code));
        if (is_punctuation(code) || (is_blank(code) && out->size == begin))
            continue;
        put_lower(out, code, final);
        if (!is_blank(code))
            end = out->size;
    }
    if (!buf_failed(out))
        buf_truncate(out, end);
    return !buf_failed(out);
}
