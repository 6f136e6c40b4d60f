/* Reply: colours as X11 writes them. */
#include <config.h>

#include "ui/keys/reply.h"

#include <ctype.h>
#include <string.h>

enum { DIGITS_MOST = 4 };

/* Reads one to four hexadecimal digits, which count as a part of their largest number; false without any. */
static bool read_part(const char **at, const char *end, double *part)
{
    unsigned value = 0, most = 0;
    int n = 0;
    for (; *at < end && n < DIGITS_MOST && isxdigit((unsigned char)**at); ++*at, n++) {
        const int c = tolower((unsigned char)**at);
        value = value * 16 + (unsigned)(isdigit(c) ? c - '0' : c - 'a' + 10);
        most = most * 16 + 15;
    }
    if (n > 0)
        *part = (double)value / most;
    return n > 0;
}

/* Moves past a word; false when it is not there. */
static bool take_word(const char **at, const char *end, const char *word)
{
    const size_t size = strlen(word);
    if ((size_t)(end - *at) < size || memcmp(*at, word, size) != 0)
        return false;
    *at += size;
    return true;
}

bool reply_ground(const char *text, size_t size, bool *light)
{
    const char *at = text, *end = text + size;
    double red, green, blue;
    if (!take_word(&at, end, "11;") || (!take_word(&at, end, "rgb:") && !take_word(&at, end, "rgba:")))
        return false;
    if (!read_part(&at, end, &red) || !take_word(&at, end, "/") || !read_part(&at, end, &green) ||
        !take_word(&at, end, "/") || !read_part(&at, end, &blue))
        return false;
    *light = 0.2126 * red + 0.7152 * green + 0.0722 * blue > 0.5; /* BT.709's luma */
    return true;
}
