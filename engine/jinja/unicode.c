/* Classes and case of characters as Python's str has them.
 *
 * Left out, for no template is known to ask: numerals among the Han characters (isnumeric), and of the one-to-many
 * mappings all but German's, the Latin ligatures and Greek's final sigma. */
#include "config.h"

#include "engine/jinja/unicode.h"

#include <utf8proc.h>

#include "base/utf8.h"

static utf8proc_category_t category(uint32_t code)
{
    return code == UTF8_INVALID ? UTF8PROC_CATEGORY_CN : utf8proc_category((utf8proc_int32_t)code);
}

bool juni_is_space(uint32_t code)
{
    if (code < 0x80)
        return code == ' ' || (code >= '\t' && code <= '\r') || (code >= 0x1c && code <= 0x1f);
    utf8proc_category_t c = category(code);
    return code == 0x85 || c == UTF8PROC_CATEGORY_ZS || c == UTF8PROC_CATEGORY_ZL || c == UTF8PROC_CATEGORY_ZP;
}

bool juni_is_alpha(uint32_t code)
{
    utf8proc_category_t c = category(code);
    return c >= UTF8PROC_CATEGORY_LU && c <= UTF8PROC_CATEGORY_LO;
}

bool juni_is_decimal(uint32_t code)
{
    return category(code) == UTF8PROC_CATEGORY_ND;
}

/* Superscripts, subscripts and digits in circles beside the decimal ones. */
bool juni_is_digit(uint32_t code)
{
    return juni_is_decimal(code) || code == 0xb2 || code == 0xb3 || code == 0xb9 || code == 0x2070 ||
           (code >= 0x2074 && code <= 0x2079) || (code >= 0x2080 && code <= 0x2089) ||
           (code >= 0x2460 && code <= 0x2468) || (code >= 0x2474 && code <= 0x247c) ||
           (code >= 0x2488 && code <= 0x2490);
}

bool juni_is_numeric(uint32_t code)
{
    utf8proc_category_t c = category(code);
    return c >= UTF8PROC_CATEGORY_ND && c <= UTF8PROC_CATEGORY_NO;
}

bool juni_is_alnum(uint32_t code)
{
    return juni_is_alpha(code) || juni_is_numeric(code);
}

bool juni_is_upper(uint32_t code)
{
    return category(code) == UTF8PROC_CATEGORY_LU || (code >= 0x2160 && code <= 0x216f) ||
           (code >= 0x24b6 && code <= 0x24cf);
}

bool juni_is_lower(uint32_t code)
{
    return category(code) == UTF8PROC_CATEGORY_LL || code == 0xaa || code == 0xba ||
           (code >= 0x2170 && code <= 0x217f) || (code >= 0x24d0 && code <= 0x24e9) || (code >= 0x2b0 && code <= 0x2b8);
}

bool juni_is_title(uint32_t code)
{
    return category(code) == UTF8PROC_CATEGORY_LT;
}

bool juni_is_printable(uint32_t code)
{
    utf8proc_category_t c = category(code);
    return code == ' ' || (c != UTF8PROC_CATEGORY_CN && c < UTF8PROC_CATEGORY_ZS);
}

size_t juni_space_before(const char *bytes, size_t size)
{
    size_t start = size, used;
    while (start > 0 && size - start < 4 && ((unsigned char)bytes[--start] & 0xc0) == 0x80)
        ;
    if (size == 0)
        return 0;
    uint32_t code = utf8_decode(bytes + start, size - start, &used);
    return used == size - start && juni_is_space(code) ? used : 0;
}

size_t juni_space_after(const char *bytes, size_t size)
{
    size_t used;
    return size > 0 && juni_is_space(utf8_decode(bytes, size, &used)) ? used : 0;
}

/* ---- case -------------------------------------------------------------------------------------------------------- */

/* What becomes several characters in upper and title case. */
static const struct {
    uint32_t code;
    const char *upper, *title;
} several[] = {
    {0xdf, "SS", "Ss"},
    {0x149, "\xca\xbcN", "\xca\xbcN"},
    {0x1f0, "J\xcc\x8c", "J\xcc\x8c"},
    {0xfb00, "FF", "Ff"},
    {0xfb01, "FI", "Fi"},
    {0xfb02, "FL", "Fl"},
    {0xfb03, "FFI", "Ffi"},
    {0xfb04, "FFL", "Ffl"},
    {0xfb05, "ST", "St"},
    {0xfb06, "ST", "St"},
};

/* Whether the sigma at byte `at` ends a word: a cased character before, none after. */
static bool sigma_is_final(struct jtext *t, struct jheap *h, size_t at)
{
    const char *bytes = jtext_bytes(h, t);
    size_t start = at, used, after = at + 2;
    while (start > 0 && ((unsigned char)bytes[--start] & 0xc0) == 0x80)
        ;
    bool before = at > 0 && juni_is_alpha(utf8_decode(bytes + start, at - start, &used));
    return before && (after >= t->size || !juni_is_alpha(utf8_decode(bytes + after, t->size - after, &used)));
}

void juni_append(struct jbuild *b, struct jtext *t, size_t at, enum jcase wanted)
{
    size_t used;
    uint32_t code = jtext_code(b->heap, t, at, &used);
    int32_t origin = jtext_origin(t, at);
    if (code == UTF8_INVALID) {
        jbuild_part(b, t, at, at + used);
        return;
    }
    for (size_t i = 0; wanted != CASE_LOWER && code >= 0xdf && i < sizeof several / sizeof *several; i++)
        if (several[i].code == code) {
            const char *text = wanted == CASE_UPPER ? several[i].upper : several[i].title;
            for (; *text != '\0'; text++)
                jbuild_bytes(b, text, 1, origin);
            return;
        }
    if (wanted == CASE_LOWER && code == 0x130)
        jbuild_bytes(b, "i\xcc\x87", 3, origin);
    else if (wanted == CASE_LOWER && code == 0x3a3)
        jbuild_code(b, sigma_is_final(t, b->heap, at) ? 0x3c2 : 0x3c3, origin);
    else
        jbuild_code(b,
                    (uint32_t)(wanted == CASE_UPPER   ? utf8proc_toupper((utf8proc_int32_t)code)
                               : wanted == CASE_LOWER ? utf8proc_tolower((utf8proc_int32_t)code)
                                                      : utf8proc_totitle((utf8proc_int32_t)code)),
                    origin);
}
