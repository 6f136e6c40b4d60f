/* Charsets. Files of up to 64 MB, whole in memory. */
#include <config.h>

#include "app/text/charset.h"

#include <ctype.h>
#include <stdint.h>
#include <string.h>

#include "base/utf8.h"

enum { NAME_MOST = 32 };

/* Names in lower case without hyphens, the first as it is shown. */
static const struct {
    const char *shown;
    const char *names[8];
} charsets[] = {
    [CHARSET_UTF8] = {"utf-8", {"utf8", "utf8sig", "ascii", "usascii"}},
    [CHARSET_LATIN1] = {"latin-1", {"latin1", "iso88591", "88591", "l1", "cp819", "ibm819"}},
    [CHARSET_CP1252] = {"cp1252", {"cp1252", "windows1252", "msansi"}},
};

/* What cp1252 has from 0x80 on; 0: nothing. */
static const uint16_t cp1252[32] = {
    0x20AC, 0,      0x201A, 0x0192, 0x201E, 0x2026, 0x2020, 0x2021, 0x02C6, 0x2030, 0x0160,
    0x2039, 0x0152, 0,      0x017D, 0,      0,      0x2018, 0x2019, 0x201C, 0x201D, 0x2022,
    0x2013, 0x2014, 0x02DC, 0x2122, 0x0161, 0x203A, 0x0153, 0,      0x017E, 0x0178,
};

const char *charset_name(enum charset charset)
{
    return charsets[charset].shown;
}

/* The name's letters and digits, in lower case; an empty one where it is longer than any charset's. */
static void fold_name(const char *name, char folded[NAME_MOST])
{
    size_t n = 0;
    for (; *name != '\0' && n + 1 < NAME_MOST; name++)
        if (strchr("-_ ", *name) == NULL)
            folded[n++] = (char)tolower((unsigned char)*name);
    folded[*name == '\0' ? n : 0] = '\0';
}

bool charset_find(const char *name, enum charset *out, struct error *err)
{
    char folded[NAME_MOST];
    fold_name(name, folded);
    for (size_t i = 0; i < sizeof charsets / sizeof *charsets; i++)
        for (const char *const *known = charsets[i].names; *known != NULL; known++)
            if (strcmp(folded, *known) == 0) {
                *out = (enum charset)i;
                return true;
            }
    error_set(err, ERR_ARGUMENT,
              "'%.40s' is no encoding that is read here: utf-8, latin-1 (ISO 8859-1) or cp1252 (Windows)", name);
    return false;
}

/* The character of a byte; 0 where cp1252 has none. */
static uint32_t character_of(enum charset charset, unsigned char byte)
{
    return charset == CHARSET_CP1252 && byte >= 0x80 && byte < 0xA0 ? cp1252[byte - 0x80] : byte;
}

size_t charset_decode(enum charset charset, struct buf *text)
{
    const size_t size = text->size;
    if (charset == CHARSET_UTF8)
        return utf8_check(buf_text(text), size);
    struct buf wide;
    buf_init(&wide, 3 * size + 1);
    for (size_t i = 0; i < size; i++) {
        const unsigned char byte = (unsigned char)text->data[i];
        const uint32_t character = character_of(charset, byte);
        char bytes[4];
        if (character == 0 && byte != 0) {
            buf_free(&wide);
            return i;
        }
        buf_append(&wide, bytes, utf8_encode(character, bytes));
    }
    buf_free(text);
    *text = wide;
    return size;
}
