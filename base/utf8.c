/* UTF-8: decoding after table 3-7 of the Unicode standard (well-formed byte sequences). */
#include "base/utf8.h"

/* Length of the sequence that a lead byte begins and the range of its second byte; 0 for a byte that begins none. */
static int sequence_size(unsigned char c, unsigned char *low, unsigned char *high)
{
    *low = 0x80;
    *high = 0xBF;
    if (c < 0x80)
        return 1;
    if (c >= 0xC2 && c <= 0xDF)
        return 2;
    if (c >= 0xE0 && c <= 0xEF) {
        if (c == 0xE0)
            *low = 0xA0;
        if (c == 0xED)
            *high = 0x9F;
        return 3;
    }
    if (c >= 0xF0 && c <= 0xF4) {
        if (c == 0xF0)
            *low = 0x90;
        if (c == 0xF4)
            *high = 0x8F;
        return 4;
    }
    return 0;
}

/* Bytes of text that follow the rules for one sequence; *whole tells whether the sequence is complete. */
static size_t read_sequence(const char *text, size_t size, bool *whole)
{
    unsigned char low, high;
    int length = sequence_size((unsigned char)text[0], &low, &high);
    *whole = false;
    if (length == 0)
        return 0;
    size_t n = 1;
    while (n < (size_t)length && n < size) {
        unsigned char c = (unsigned char)text[n];
        if (c < low || c > high)
            return n;
        low = 0x80;
        high = 0xBF;
        n++;
    }
    *whole = n == (size_t)length;
    return n;
}

uint32_t utf8_decode(const char *text, size_t size, size_t *used)
{
    static const unsigned char mask[5] = {0, 0x7F, 0x1F, 0x0F, 0x07};
    bool whole;
    size_t n = read_sequence(text, size, &whole);
    *used = n > 0 ? n : 1;
    if (!whole)
        return UTF8_INVALID;
    uint32_t code = (unsigned char)text[0] & mask[n];
    for (size_t i = 1; i < n; i++)
        code = code << 6 | ((unsigned char)text[i] & 0x3F);
    return code;
}

size_t utf8_encode(uint32_t code, char out[4])
{
    if (code < 0x80) {
        out[0] = (char)code;
        return 1;
    }
    size_t n = code < 0x800 ? 2 : code < 0x10000 ? 3 : 4;
    static const unsigned char first[5] = {0, 0, 0xC0, 0xE0, 0xF0};
    for (size_t i = n - 1; i > 0; i--) {
        out[i] = (char)(0x80 | (code & 0x3F));
        code >>= 6;
    }
    out[0] = (char)(first[n] | code);
    return n;
}

size_t utf8_check(const char *text, size_t size)
{
    for (size_t at = 0; at < size;) {
        bool whole;
        size_t n = read_sequence(text + at, size - at, &whole);
        if (!whole)
            return at;
        at += n;
    }
    return size;
}

size_t utf8_pending(const char *text, size_t size)
{
    for (size_t back = 1; back <= 3 && back <= size; back++) {
        unsigned char c = (unsigned char)text[size - back];
        if (c >= 0x80 && c <= 0xBF)
            continue;
        bool whole;
        size_t n = read_sequence(text + size - back, back, &whole);
        return !whole && n == back ? back : 0;
    }
    return 0;
}

/* ---- what may be shown ------------------------------------------------------------------------------------------ */

/* Characters that are invisible wherever they stand, or turn the direction of text around them: those that Unicode
 * calls default-ignorable, but for the ones of hides_after, and its format characters without a shape. In order. */
static const struct {
    uint32_t first, last;
} hidden[] = {
    {0x00AD, 0x00AD},                                         /* soft hyphen */
    {0x034F, 0x034F},   {0x061C, 0x061C},   {0x115F, 0x1160}, /* fillers of Hangul, as are U+3164 and U+FFA0 */
    {0x17B4, 0x17B5},   {0x180E, 0x180E},   {0x200B, 0x200B}, /* zero width space */
    {0x200E, 0x200F},   {0x2028, 0x202E},                     /* separators of lines and paragraphs; directions */
    {0x2060, 0x206F},                                         /* word joiner, invisible operators, isolates, shaping */
    {0x3164, 0x3164},   {0xFEFF, 0xFEFF},                     /* byte order mark */
    {0xFFA0, 0xFFA0},   {0xFFF0, 0xFFFB},                     /* annotations */
    {0x13430, 0x1343F}, {0x1BCA0, 0x1BCA3}, {0x1D173, 0x1D17A}, {0xE0000, 0xE00FF}, /* tags */
    {0xE01F0, 0xE0FFF},
};

bool utf8_is_unsafe(uint32_t code)
{
    if (code < 0x20)
        return code != '\n' && code != '\t';
    if ((code >= 0x7F && code <= 0x9F) || code > 0x10FFFF)
        return true;
    for (size_t i = 0; i < sizeof hidden / sizeof hidden[0] && hidden[i].first <= code; i++)
        if (code <= hidden[i].last)
            return true;
    return false;
}

static bool is_joiner(uint32_t code)
{
    return code == 0x200C || code == 0x200D;
}

static bool is_mongolian_selector(uint32_t code)
{
    return (code >= 0x180B && code <= 0x180D) || code == 0x180F;
}

static bool is_selector(uint32_t code)
{
    return (code >= 0xFE00 && code <= 0xFE0F) || (code >= 0xE0100 && code <= 0xE01EF) || is_mongolian_selector(code);
}

/* Whether a selector can choose a form of a character: of an emoji or a keycap, of a sign, of an ideograph. */
static bool selects(uint32_t code, uint32_t before)
{
    if (is_mongolian_selector(code))
        return before >= 0x1800 && before <= 0x18AF;
    if (code >= 0xE0100)
        return before >= 0x2E80;
    if (code < 0xFE0E)
        return before >= 0x1000;
    return (before >= '0' && before <= '9') || before == '#' || before == '*' || before >= 0xA9;
}

bool utf8_hides(uint32_t code, uint32_t before)
{
    if (!is_joiner(code) && !is_selector(code))
        return code > 0x9F && utf8_is_unsafe(code);
    if (is_joiner(before) || before <= ' ')
        return true;
    return is_joiner(code) ? before < 0x300 : is_selector(before) || !selects(code, before);
}

bool utf8_picture(struct buf *out, uint32_t code)
{
    char picture[4];
    if (code == UTF8_INVALID)
        return buf_puts(out, "\xEF\xBF\xBD");
    if (code < ' ' || code == 0x7F)
        return buf_append(out, picture, utf8_encode(code == 0x7F ? 0x2421 : 0x2400 + code, picture));
    return buf_printf(out, "\xE2\x80\xB9U+%04X\xE2\x80\xBA", (unsigned)code);
}

bool utf8_clean_after(struct buf *out, const char *text, size_t size, uint32_t *before)
{
    for (size_t at = 0, used; at < size; at += used) {
        uint32_t code = utf8_decode(text + at, size - at, &used);
        if (code == '\r' && at + 1 < size && text[at + 1] == '\n')
            continue;
        if (code == UTF8_INVALID || utf8_is_unsafe(code) || utf8_hides(code, *before)) {
            utf8_picture(out, code);
            *before = ' ';
        } else {
            buf_append(out, text + at, used);
            *before = code;
        }
    }
    return !buf_failed(out);
}

bool utf8_clean(struct buf *out, const char *text, size_t size)
{
    uint32_t before = 0;
    return utf8_clean_after(out, text, size, &before);
}
