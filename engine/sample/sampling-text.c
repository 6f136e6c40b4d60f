/* Sampling settings that are lists, as users write them: texts in quotes, tokens by their text. */
#include "config.h"

#include "engine/sample/sampling.h"

#include <ctype.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/error.h"
#include "base/utf8.h"
#include "engine/engine.h"

enum { TEXT_MOST = 1 << 16, PIECE_BYTES = 1 << 20 };

/* ---- writing ---------------------------------------------------------------------------------------------------- */

static void write_quoted(const char *text, size_t size, struct buf *out)
{
    buf_putc(out, '"');
    for (size_t i = 0; i < size; i++) {
        unsigned char c = (unsigned char)text[i];
        if (c == '\n' || c == '\t')
            buf_puts(out, c == '\n' ? "\\n" : "\\t");
        else if (c == '"' || c == '\\')
            buf_printf(out, "\\%c", c);
        else if (c < ' ' || c == 0x7f)
            buf_printf(out, "\\x%02x", c);
        else
            buf_putc(out, (char)c);
    }
    buf_putc(out, '"');
}

/* The token whose text this is; of several that which the text is encoded as, else the first. Control tokens are
 * found by their spelling. -1: none. */
static int32_t find_token(const struct tokenizer *t, const char *text, size_t size)
{
    struct buf piece;
    struct ids ids = {0};
    struct error ignored = {0};
    int32_t found = -1;
    buf_init(&piece, PIECE_BYTES);
    if (tokenizer_encode(t, text, size, &ids, &ignored) != ERR_NONE)
        ids.n = 0;
    for (int32_t id = 0; id < tokenizer_size(t); id++) {
        buf_clear(&piece);
        bool same = tokenizer_piece(t, id, &piece) && piece.size == size && memcmp(buf_text(&piece), text, size) == 0;
        if (same && (found < 0 || (ids.n == 1 && ids.at[0] == id)))
            found = id;
    }
    buf_free(&piece);
    ids_free(&ids);
    int32_t control = found < 0 ? tokenizer_find(t, text) : -1;
    return control >= 0 && tokenizer_is_control(t, control) ? control : found;
}

static void write_token(const struct tokenizer *t, int32_t id, struct buf *out)
{
    struct buf piece;
    buf_init(&piece, PIECE_BYTES);
    bool known = t != NULL && id < tokenizer_size(t) && tokenizer_piece(t, id, &piece);
    if (known && piece.size == 0)
        buf_puts(&piece, tokenizer_spelling(t, id));
    known = known && piece.size > 0 && find_token(t, buf_text(&piece), piece.size) == id;
    if (known && utf8_check(buf_text(&piece), piece.size) == piece.size)
        write_quoted(buf_text(&piece), piece.size, out);
    else
        buf_printf(out, "%d", (int)id);
    buf_free(&piece);
}

bool sampling_list_write(const struct sampling *s, enum sampling_list list, const struct tokenizer *t, struct buf *out)
{
    for (int32_t i = 0; i < sampling_list_size(s, list); i++) {
        char text[SAMPLING_STOP_BYTES];
        if (i > 0)
            buf_putc(out, ' ');
        if (list == LIST_LOGIT_BIAS) {
            write_token(t, s->biases[i].id, out);
            buf_printf(out, " %.6g", (double)s->biases[i].bias);
        } else {
            sampling_list_get(s, list, i, text, sizeof text);
            write_quoted(text, strlen(text), out);
        }
    }
    return !buf_failed(out);
}

/* ---- reading ---------------------------------------------------------------------------------------------------- */

static bool is_quote(char c)
{
    return c == '"' || c == '\'';
}

/* The character that an escape stands for; *at is after the backslash, and then after the escape. */
static char escaped(const char **at)
{
    const char *p = (*at)++;
    if (*p == 'x' && isxdigit((unsigned char)p[1]) && isxdigit((unsigned char)p[2])) {
        *at += 2;
        return (char)strtol((const char[]){p[1], p[2], '\0'}, NULL, 16);
    }
    return *p == 'n' ? '\n' : *p == 't' ? '\t' : *p == 'r' ? '\r' : *p;
}

/* A text in quotes; escapes count between double ones. */
static enum error_code read_quoted(const char **at, struct buf *out, struct error *err)
{
    const char *begin = *at, *p = begin + 1;
    while (*p != '\0' && *p != *begin)
        if (*p == '\\' && *begin == '"' && p[1] != '\0') {
            p++;
            buf_putc(out, escaped(&p));
        } else {
            buf_putc(out, *p++);
        }
    if (*p == '\0')
        return error_set(err, ERR_ARGUMENT, "the quote before %s is not closed", begin + 1);
    if (out->size == 0)
        return error_set(err, ERR_ARGUMENT, "there must be at least one character between quotes");
    *at = p + 1;
    return ERR_NONE;
}

static const char *skip_space(const char *text)
{
    return text + strspn(text, " \t,");
}

static enum error_code read_texts(struct sampling *s, enum sampling_list list, const char *text, struct buf *item,
                                  struct error *err)
{
    if (!is_quote(*text))
        return *text == '\0' ? ERR_NONE : sampling_list_add(s, list, text, err);
    while (*text != '\0') {
        buf_clear(item);
        if (!is_quote(*text))
            return error_set(err, ERR_ARGUMENT, "after a text in quotes there must be another in quotes, not %s", text);
        enum error_code code = read_quoted(&text, item, err);
        if (code != ERR_NONE)
            return code;
        if (strlen(buf_text(item)) != item->size)
            return error_set(err, ERR_ARGUMENT, "\\x00 can't stand in %s", sampling_list_name(list));
        code = sampling_list_add(s, list, buf_text(item), err);
        if (code != ERR_NONE)
            return code;
        text = skip_space(text);
    }
    return ERR_NONE;
}

static enum error_code not_one_token(const struct tokenizer *t, const struct buf *text, struct error *err)
{
    struct ids ids = {0};
    struct buf pieces;
    buf_init(&pieces, TEXT_MOST);
    enum error_code code = tokenizer_encode(t, buf_text(text), text->size, &ids, err);
    if (code == ERR_NONE) {
        for (size_t i = 0; i < ids.n && i < 8; i++) {
            buf_putc(&pieces, ' ');
            write_token(t, ids.at[i], &pieces);
        }
        code = error_set(err, ERR_ARGUMENT, "'%s' is no token of this model but %zu:%s%s", buf_text(text), ids.n,
                         buf_text(&pieces), ids.n > 8 ? " ..." : "");
    }
    buf_free(&pieces);
    ids_free(&ids);
    return code;
}

/* A token: its text in quotes, its id, or a word. */
static enum error_code read_token(const char **at, const struct tokenizer *t, struct buf *text, int32_t *id,
                                  struct error *err)
{
    char *end;
    long number = strtol(*at, &end, 10);
    if (isdigit((unsigned char)**at) && strchr(" \t=", *end) != NULL) {
        if (t != NULL && number >= tokenizer_size(t))
            return error_set(err, ERR_ARGUMENT, "there is no token %ld; this model has %d", number,
                             (int)tokenizer_size(t));
        *id = (int32_t)(number < INT32_MAX ? number : INT32_MAX);
        *at = end;
        return ERR_NONE;
    }
    size_t word = strcspn(*at, " \t=");
    enum error_code code = ERR_NONE;
    if (!is_quote(**at))
        buf_append(text, *at, word), *at += word;
    else
        code = read_quoted(at, text, err);
    if (code != ERR_NONE)
        return code;
    if (t == NULL)
        return error_set(err, ERR_ARGUMENT, "without a model a token is given by its id, not as '%s'", buf_text(text));
    *id = find_token(t, buf_text(text), text->size);
    return *id >= 0 ? ERR_NONE : not_one_token(t, text, err);
}

static enum error_code read_biases(struct sampling *s, const char *text, const struct tokenizer *t, struct buf *item,
                                   struct error *err)
{
    while (*text != '\0') {
        char value[64];
        int32_t id = -1;
        buf_clear(item);
        enum error_code code = read_token(&text, t, item, &id, err);
        if (code != ERR_NONE)
            return code;
        text += strspn(text, " \t=");
        int size = (int)strcspn(text, " \t,");
        if (size == 0 || size > 40)
            return error_set(err, ERR_ARGUMENT, "a token is followed by what is added to its score: \" the\" -2");
        snprintf(value, sizeof value, "%d=%.*s", (int)id, size, text);
        code = sampling_list_add(s, LIST_LOGIT_BIAS, value, err);
        if (code != ERR_NONE)
            return code;
        text = skip_space(text + size);
    }
    return ERR_NONE;
}

enum error_code sampling_list_read(struct sampling *s, enum sampling_list list, const char *text,
                                   const struct tokenizer *t, struct error *err)
{
    struct sampling next = *s;
    struct buf item;
    buf_init(&item, TEXT_MOST);
    text += strspn(text, " \t");
    enum error_code code = list == LIST_LOGIT_BIAS ? read_biases(&next, text, t, &item, err)
                                                   : read_texts(&next, list, text, &item, err);
    buf_free(&item);
    if (code == ERR_NONE)
        *s = next;
    return code;
}
