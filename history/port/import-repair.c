/* Repair: one pass over the bytes that knows strings from what stands between them.
 *
 * In strings: a lone surrogate, as \ud83d or as bytes, becomes U+FFFD, and so does every other sequence that is not
 * UTF-8; two surrogates as bytes (CESU-8) become their character; a control character is escaped, line breaks
 * excepted, which are a sign of a string without an end; NUL in the name of a member, which jansson has no room for,
 * becomes U+FFFD. Between strings: a whole number of more than 64 bits becomes a real, one beyond the reals the
 * largest of them; NaN and Infinity, which Python writes, become null. All else stays as it is, for the parser to
 * judge. */
#include <config.h>

#include "history/port/import-repair.h"

#include <ctype.h>
#include <errno.h>
#include <math.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/utf8.h"

#define REPLACEMENT "\xEF\xBF\xBD"
#define ESCAPE_SIZE 6 /* of \uXXXX */

struct repair {
    const char *at, *end;
    struct buf *out;
    struct repairs *done;
};

static size_t bytes_left(const struct repair *r)
{
    return (size_t)(r->end - r->at);
}

static void copy_bytes(struct repair *r, size_t n)
{
    buf_append(r->out, r->at, n);
    r->at += n;
}

static void replace_bytes(struct repair *r, size_t n, const char *by, size_t size)
{
    buf_append(r->out, by, size);
    r->at += n;
    r->done->characters++;
}

static bool is_high(uint32_t code)
{
    return code >= 0xD800 && code <= 0xDBFF;
}

static bool is_low(uint32_t code)
{
    return code >= 0xDC00 && code <= 0xDFFF;
}

/* ---- strings ----------------------------------------------------------------------------------------------------- */

/* The code of the escape \uXXXX at p; UTF8_INVALID when there is none. */
static uint32_t read_escape(const char *p, const char *end)
{
    uint32_t code = 0;
    if (end - p < ESCAPE_SIZE || p[0] != '\\' || p[1] != 'u')
        return UTF8_INVALID;
    for (int i = 2; i < ESCAPE_SIZE; i++) {
        if (!isxdigit((unsigned char)p[i]))
            return UTF8_INVALID;
        code = code << 4 | (uint32_t)(isdigit((unsigned char)p[i]) ? p[i] - '0' : (p[i] | 0x20) - 'a' + 10);
    }
    return code;
}

/* An escape; *nul tells of \u0000. */
static void repair_escape(struct repair *r, bool *nul)
{
    uint32_t code = read_escape(r->at, r->end);
    if (code == UTF8_INVALID)
        copy_bytes(r, bytes_left(r) < 2 ? 1 : 2);
    else if (is_high(code) && is_low(read_escape(r->at + ESCAPE_SIZE, r->end)))
        copy_bytes(r, 2 * (size_t)ESCAPE_SIZE);
    else if (is_high(code) || is_low(code)) /* by an escape, so that columns in messages stay right */
        replace_bytes(r, ESCAPE_SIZE, "\\ufffd", ESCAPE_SIZE);
    else
        copy_bytes(r, ESCAPE_SIZE);
    *nul = *nul || code == 0;
}

/* The surrogate that three bytes at p encode; UTF8_INVALID when they do not. */
static uint32_t read_surrogate(const char *p, const char *end)
{
    const unsigned char *b = (const unsigned char *)p;
    if (end - p < 3 || b[0] != 0xED || b[1] < 0xA0 || b[1] > 0xBF || (b[2] & 0xC0) != 0x80)
        return UTF8_INVALID;
    return 0xD000u | (b[1] & 0x3Fu) << 6 | (b[2] & 0x3Fu);
}

static void repair_bytes(struct repair *r)
{
    size_t used = 0;
    char character[4];
    uint32_t code = utf8_decode(r->at, bytes_left(r), &used);
    uint32_t first = read_surrogate(r->at, r->end);
    uint32_t second = first != UTF8_INVALID ? read_surrogate(r->at + 3, r->end) : UTF8_INVALID;
    if (code != UTF8_INVALID)
        copy_bytes(r, used);
    else if (is_high(first) && second != UTF8_INVALID && is_low(second))
        replace_bytes(r, 6, character, utf8_encode(0x10000 + ((first - 0xD800) << 10) + (second - 0xDC00), character));
    else
        replace_bytes(r, first != UTF8_INVALID ? 3 : used, REPLACEMENT, strlen(REPLACEMENT));
}

/* Whether what follows makes the string that has just ended the name of a member. */
static bool is_name(const struct repair *r)
{
    const char *p = r->at;
    while (p < r->end && strchr(" \t\r\n", *p) != NULL && *p != '\0')
        p++;
    return p < r->end && *p == ':';
}

/* Replaces each \u0000 in the string that begins at start of out by \ufffd, which has the same size. */
static void replace_nuls(struct repair *r, size_t start)
{
    for (size_t i = start; i + ESCAPE_SIZE <= r->out->size; i++) {
        if (r->out->data[i] != '\\')
            continue;
        if (memcmp(r->out->data + i, "\\u0000", ESCAPE_SIZE) == 0) {
            memcpy(r->out->data + i, "\\ufffd", ESCAPE_SIZE);
            r->done->characters++;
        }
        i++; /* what is escaped begins no escape */
    }
}

/* Bytes at the front that stay as they are: ASCII but the quote, the backslash and controls. */
static size_t plain_size(const struct repair *r)
{
    const char *p = r->at;
    while (p < r->end && (unsigned char)*p >= 0x20 && (unsigned char)*p < 0x80 && *p != '"' && *p != '\\')
        p++;
    return (size_t)(p - r->at);
}

/* A string from its first quote to its last. */
static void repair_string(struct repair *r)
{
    size_t start = r->out->size;
    bool nul = false;
    copy_bytes(r, 1);
    for (;;) {
        copy_bytes(r, plain_size(r));
        if (r->at == r->end || *r->at == '"' || *r->at == '\n' || *r->at == '\r')
            break;
        unsigned char c = (unsigned char)*r->at;
        if (c == '\\') {
            repair_escape(r, &nul);
        } else if (c < 0x20) {
            buf_printf(r->out, "\\u%04x", c);
            nul = nul || c == 0;
            r->at++;
            r->done->characters++;
        } else {
            repair_bytes(r);
        }
    }
    if (r->at < r->end)
        copy_bytes(r, 1);
    if (nul && !buf_failed(r->out) && is_name(r))
        replace_nuls(r, start);
}

/* ---- numbers and words ------------------------------------------------------------------------------------------- */

/* Appends a number that a double can hold in place of text, which none can. */
static void replace_number(struct repair *r, const char *text)
{
    bool whole = text[strspn(text, "-0123456789")] == '\0';
    if (isinf(strtod(text, NULL)))
        buf_puts(r->out, text[0] == '-' ? "-1e308" : "1e308");
    else
        buf_printf(r->out, "%s%s", text, whole ? "e0" : "");
    r->done->numbers++;
}

static void repair_number(struct repair *r)
{
    size_t n = 0;
    while (n < bytes_left(r) && r->at[n] != '\0' && strchr("+-0123456789.eE", r->at[n]) != NULL)
        n++;
    char *text = n < 15 ? NULL : strndup(r->at, n); /* a shorter one overflows only by its exponent */
    char small[16] = "";
    if (text == NULL)
        memcpy(small, r->at, n < 15 ? n : 0);
    const char *number = text != NULL ? text : small;
    errno = 0;
    bool whole = number[strspn(number, "-0123456789")] == '\0';
    if (whole)
        (void)strtoll(number, NULL, 10);
    if ((whole && errno == ERANGE) || (!whole && isinf(strtod(number, NULL)))) {
        replace_number(r, number);
        r->at += n;
    } else {
        copy_bytes(r, n);
    }
    free(text);
}

/* NaN and Infinity become null; other words stay. */
static void repair_word(struct repair *r)
{
    static const char *const words[] = {"NaN", "Infinity", "-NaN", "-Infinity"};
    for (size_t i = 0; i < sizeof words / sizeof *words; i++) {
        size_t n = strlen(words[i]);
        if (bytes_left(r) < n || memcmp(r->at, words[i], n) != 0)
            continue;
        buf_puts(r->out, "null");
        r->at += n;
        r->done->numbers++;
        return;
    }
    copy_bytes(r, 1);
}

bool import_repair(const char *bytes, size_t size, struct buf *out, struct repairs *done)
{
    struct repair r = {bytes, bytes + size, out, done};
    *done = (struct repairs){0};
    while (r.at < r.end && !buf_failed(out)) {
        bool negative = *r.at == '-' && bytes_left(&r) > 1;
        if (*r.at == '"')
            repair_string(&r);
        else if (isdigit((unsigned char)*r.at) || (negative && isdigit((unsigned char)r.at[1])))
            repair_number(&r);
        else if (*r.at == 'N' || *r.at == 'I' || *r.at == '-')
            repair_word(&r);
        else
            copy_bytes(&r, 1);
    }
    return !buf_failed(out);
}
