/* Link: addresses as people write them (RFC 3986, and what browsers take beside it). */
#include <config.h>

#include "ui/text/link.h"

#include <string.h>
#include <strings.h>

#include "base/utf8.h"

/* Letters beyond ASCII that an address in a text may have. Punctuation and the scripts without blanks between words begin
 * above: there the sentence goes on. */
enum { LETTERS_END = 0x2000 };

static size_t scheme_size(const char *text, size_t size)
{
    if (size > 7 && strncasecmp(text, "http://", 7) == 0)
        return 7;
    return size > 8 && strncasecmp(text, "https://", 8) == 0 ? 8 : 0;
}

static bool is_kept(unsigned char c)
{
    return c > ' ' && c < 0x7f && strchr("<>\"`\\^{|}", c) == NULL;
}

/* The size of the character at text when an address may have it; else 0. */
static size_t address_part(const char *text, size_t size)
{
    unsigned char c = (unsigned char)text[0];
    size_t used;
    if (c < 0x80)
        return is_kept(c);
    uint32_t code = utf8_decode(text, size, &used);
    return code > 0xa0 && code < LETTERS_END ? used : 0;
}

/* Whether the character closes what the address has not opened. */
static bool closes_outside(char c, int open[2])
{
    static const char opening[] = "([", closing[] = ")]";
    const char *in = strchr(opening, c), *out = strchr(closing, c);
    if (in != NULL)
        open[in - opening]++;
    return out != NULL && --open[out - closing] < 0;
}

size_t link_find(const char *text, size_t size)
{
    size_t scheme = scheme_size(text, size), end = scheme, part;
    int open[2] = {0};
    if (scheme == 0)
        return 0;
    while (end < size && end <= LINK_MOST && (part = address_part(text + end, size - end)) > 0 &&
           !closes_outside(text[end], open))
        end += part;
    while (end > scheme && strchr(".,;:!?'*_~", text[end - 1]) != NULL) /* of the sentence around it */
        end--;
    return end > scheme ? end : 0;
}

bool link_clean(const char *text, size_t size, char out[LINK_MOST + 1])
{
    static const char digits[] = "0123456789ABCDEF";
    size_t n = 0;
    if (scheme_size(text, size) == 0)
        return false;
    for (size_t i = 0; i < size; i++) {
        unsigned char c = (unsigned char)text[i];
        if (n + 3 > LINK_MOST)
            return false;
        if (is_kept(c)) {
            out[n++] = (char)c;
            continue;
        }
        out[n++] = '%';
        out[n++] = digits[c >> 4];
        out[n++] = digits[c & 15];
    }
    out[n] = '\0';
    return true;
}

bool link_is_clean(const char *address)
{
    size_t size = strlen(address), n = 0;
    while (n < size && is_kept((unsigned char)address[n]))
        n++;
    return n == size && n <= LINK_MOST && scheme_size(address, size) > 0;
}
