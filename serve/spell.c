/* The texts of tokens. */
#include <config.h>

#include "serve/spell.h"

#include <stdio.h>
#include <string.h>

#include <jansson.h>

#include "base/buf.h"
#include "base/utf8.h"
#include "engine/engine.h"

enum { TEXT_MOST = 1 << 30 };

/* The place of the first token that has text: after a BOS of the program's own. */
static size_t first_text(const struct tokenizer *t, const int32_t *ids)
{
    return tokenizer_adds_bos(t) && ids[0] == tokenizer_bos(t) ? 1 : 0;
}

void spell_token(const struct tokenizer *t, const int32_t *ids, size_t i, struct buf *out)
{
    const size_t first = first_text(t, ids);
    if (i < first)
        return;
    if (tokenizer_is_control(t, ids[i]))
        buf_puts(out, tokenizer_spelling(t, ids[i]));
    else if (i == first)
        tokenizer_decode(t, ids + i, 1, out);
    else
        tokenizer_piece(t, ids[i], out);
}

/* The bytes of a token wherever it stands. */
static void spell_alone(const struct tokenizer *t, int32_t id, struct buf *out)
{
    if (tokenizer_is_control(t, id))
        buf_puts(out, tokenizer_spelling(t, id));
    else
        tokenizer_piece(t, id, out);
}

json_t *spell_name(const struct tokenizer *t, int32_t id)
{
    struct buf text;
    buf_init(&text, TEXT_MOST);
    spell_alone(t, id, &text);
    const bool whole = strlen(buf_text(&text)) == text.size;    /* a NUL can't stand in a name */
    json_t *name = whole ? json_string(buf_text(&text)) : NULL; /* NULL unless it is UTF-8 */
    if (name == NULL) {
        struct buf bytes;
        buf_init(&bytes, TEXT_MOST);
        buf_puts(&bytes, "bytes:");
        for (size_t i = 0; i < text.size; i++)
            buf_printf(&bytes, "\\x%02x", (unsigned)(unsigned char)text.data[i]);
        name = json_string(buf_text(&bytes));
        buf_free(&bytes);
    }
    buf_free(&text);
    return name;
}

json_t *spell_bytes(const struct tokenizer *t, int32_t id)
{
    struct buf text;
    json_t *array = json_array();
    buf_init(&text, TEXT_MOST);
    spell_alone(t, id, &text);
    for (size_t i = 0; i < text.size; i++)
        json_array_append_new(array, json_integer((unsigned char)text.data[i]));
    buf_free(&text);
    return array;
}

json_t *spell_text(const char *bytes, size_t size)
{
    json_t *text = json_stringn(bytes, size);
    if (text != NULL)
        return text;
    struct buf clean;
    buf_init(&clean, TEXT_MOST);
    for (size_t at = 0; at < size;) {
        size_t n;
        if (utf8_decode(bytes + at, size - at, &n) != UTF8_INVALID)
            buf_append(&clean, bytes + at, n);
        else
            buf_puts(&clean, "\xEF\xBF\xBD");
        at += n;
    }
    text = json_stringn(buf_text(&clean), clean.size);
    buf_free(&clean);
    return text;
}

size_t spell_length(const char *bytes, size_t size)
{
    size_t n = 0;
    for (size_t i = 0; i < size; i++)
        n += ((unsigned char)bytes[i] & 0xC0) != 0x80;
    return n;
}
