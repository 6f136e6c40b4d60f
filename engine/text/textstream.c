/* A stream of text from tokens. */
#include "config.h"

#include "engine/text/textstream.h"

#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#include "base/buf.h"
#include "base/utf8.h"

enum { MOST_HELD = 1 << 20 };

void textstream_init(struct textstream *t)
{
    buf_init(&t->held, MOST_HELD);
    t->stopped = false;
}

void textstream_free(struct textstream *t)
{
    buf_free(&t->held);
}

void textstream_reset(struct textstream *t)
{
    buf_clear(&t->held);
    t->stopped = false;
}

/* The offset of the first stop string in the text; size when there is none. */
static size_t find_stop(const char *text, size_t size, const struct sampling *settings)
{
    size_t first = size;
    for (int32_t i = 0; i < settings->n_stops; i++) {
        const char *at = memmem(text, size, settings->stops[i], strlen(settings->stops[i]));
        if (at != NULL && (size_t)(at - text) < first)
            first = (size_t)(at - text);
    }
    return first;
}

/* How many bytes at the end could be the beginning of a stop string. */
static size_t possible_stop(const char *text, size_t size, const struct sampling *settings)
{
    size_t longest = 0;
    for (int32_t i = 0; i < settings->n_stops; i++) {
        size_t n = strlen(settings->stops[i]) - 1;
        for (n = n < size ? n : size; n > longest; n--)
            if (memcmp(text + size - n, settings->stops[i], n) == 0)
                longest = n;
    }
    return longest;
}

/* Appends text with every ill-formed part replaced. */
static bool append_clean(struct buf *out, const char *text, size_t size)
{
    for (size_t at = 0; at < size;) {
        size_t good = utf8_check(text + at, size - at), used = 0;
        buf_append(out, text + at, good);
        at += good;
        if (at < size) {
            utf8_decode(text + at, size - at, &used);
            buf_puts(out, "\xEF\xBF\xBD");
            at += used;
        }
    }
    return !buf_failed(out);
}

bool textstream_push(struct textstream *t, const struct sampling *settings, const char *bytes, size_t size,
                     struct buf *out)
{
    if (t->stopped)
        return true;
    if (!buf_append(&t->held, bytes, size))
        return false;
    const char *text = buf_text(&t->held);
    size_t ready = find_stop(text, t->held.size, settings);
    t->stopped = ready < t->held.size;
    if (!t->stopped) {
        size_t stop = possible_stop(text, t->held.size, settings), character = utf8_pending(text, t->held.size);
        ready = t->held.size - (stop > character ? stop : character);
    }
    bool ok = append_clean(out, text, ready);
    if (t->stopped)
        buf_clear(&t->held);
    else if (ready > 0 && t->held.size > 0) {
        memmove(t->held.data, t->held.data + ready, t->held.size - ready);
        buf_truncate(&t->held, t->held.size - ready);
    }
    return ok;
}

bool textstream_end(struct textstream *t, struct buf *out)
{
    bool ok = append_clean(out, buf_text(&t->held), t->held.size);
    buf_clear(&t->held);
    return ok;
}
