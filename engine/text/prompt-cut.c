/* Cutting: a prompt that a base model continues loses its beginning when it is longer than the context.
 *
 * Tokens are left out, not characters, so that those that stay are what they were. What the template puts in front (BOS)
 * and a system message stay. */
#include "config.h"

#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/error.h"
#include "engine/engine.h"
#include "engine/text/rendered.h"

enum { LONGEST_PIECE = 1 << 20 };

/* Ids in front that stay. */
static size_t count_fixed(const struct prompt *p)
{
    size_t n = 0;
    for (size_t i = 0; i < p->n_spans; i++) {
        if (p->spans[i].origin != ORIGIN_TEMPLATE && p->spans[i].origin != ORIGIN_SYSTEM)
            break;
        n = p->spans[i].end;
    }
    return n;
}

/* How many ids after the fixed ones are left out, so that at most limit stay. */
static size_t count_cut(const struct prompt *p, size_t fixed, size_t limit)
{
    size_t over = p->ids.n - limit, step = (limit - fixed) / 4;
    return step > 1 ? (over + step - 1) / step * step : over;
}

/* Where in a text of this size id number `at` begins. Counted from the end, for what SentencePiece puts in front of a
 * text is no byte of it. */
static size_t byte_before(const struct prompt *p, const struct tokenizer *tokenizer, size_t at, size_t size)
{
    struct buf piece;
    size_t bytes = 0;
    buf_init(&piece, LONGEST_PIECE);
    for (size_t i = at; i < p->ids.n; i++, bytes += piece.size) {
        buf_clear(&piece);
        tokenizer_piece(tokenizer, p->ids.at[i], &piece);
    }
    buf_free(&piece);
    return bytes < size ? size - bytes : 0;
}

static void remove_ids(struct prompt *p, size_t from, size_t n)
{
    size_t spans = 0;
    memmove(p->ids.at + from, p->ids.at + from + n, (p->ids.n - from - n) * sizeof *p->ids.at);
    p->ids.n -= n;
    for (size_t i = 0; i < p->n_spans; i++) {
        struct prompt_span span = p->spans[i];
        span.end = span.end > from + n ? span.end - n : span.end > from ? from : span.end;
        if (span.end > (spans > 0 ? p->spans[spans - 1].end : 0))
            p->spans[spans++] = span;
    }
    p->n_spans = spans;
}

/* Removes bytes [from, from + n) of the text. */
static void remove_text(struct prompt *p, size_t from, size_t n)
{
    memmove(p->text.data + from, p->text.data + from + n, p->text.size - from - n);
    buf_truncate(&p->text, p->text.size - n);
}

/* Finds the message that holds this byte of the messages from `first` on. */
static void find_message(struct prompt *p, const struct message *messages, size_t n, size_t first, size_t byte)
{
    size_t at = first;
    for (size_t size; at + 1 < n && byte >= (size = strlen(messages[at].text)); at++)
        byte -= size;
    p->first_kept = at;
    p->first_byte = byte;
    p->dropped = at - first;
}

enum error_code prompt_cut(struct prompt *p, const struct tokenizer *tokenizer, const struct message *messages,
                           size_t n, size_t first, size_t limit, struct error *err)
{
    size_t fixed = count_fixed(p), text = 0;
    for (size_t i = first; i < n; i++)
        text += strlen(messages[i].text);
    if (fixed >= limit || text > p->text.size)
        return error_set(err, ERR_CONTEXT, "the system message needs %zu tokens, the context has room for %zu", fixed,
                         limit);
    size_t cut = count_cut(p, fixed, limit), begin = p->text.size - text;
    size_t byte = byte_before(p, tokenizer, fixed + cut, text);
    while (fixed + cut + 1 < p->ids.n && byte < text && ((unsigned char)p->text.data[begin + byte] & 0xC0) == 0x80)
        byte = byte_before(p, tokenizer, fixed + ++cut, text);
    remove_ids(p, fixed, cut);
    remove_text(p, begin, byte);
    find_message(p, messages, n, first, byte);
    return ERR_NONE;
}
