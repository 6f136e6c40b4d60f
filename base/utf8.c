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

bool utf8_is_unsafe(uint32_t code)
{
    if (code < 0x20)
        return code != '\n' && code != '\t';
    return (code >= 0x7F && code <= 0x9F) || (code >= 0x202A && code <= 0x202E) || (code >= 0x2066 && code <= 0x2069) ||
           code == 0x2028 || code == 0x2029 || code == 0x200E || code == 0x200F || code == 0x061C ||
           (code >= 0xE0000 && code <= 0xE007F) || code > 0x10FFFF;
}

bool utf8_clean(struct buf *out, const char *text, size_t size)
{
    for (size_t at = 0; at < size;) {
        size_t used;
        uint32_t code = utf8_decode(text + at, size - at, &used);
        if (code == '\r' && at + 1 < size && text[at + 1] == '\n') {
            at += used;
            continue;
        }
        if (code == UTF8_INVALID || utf8_is_unsafe(code)) {
            char picture[4];
            uint32_t shown = code < 0x20 ? 0x2400 + code : code == 0x7F ? 0x2421 : 0xFFFD;
            buf_append(out, picture, utf8_encode(shown, picture));
        } else {
            buf_append(out, text + at, used);
        }
        at += used;
    }
    return !buf_failed(out);
}
