/* Line keys: a small scanner over the typed bytes. */
#include <config.h>

#include "app/line/keys.h"

#include <string.h>

#include "base/buf.h"
#include "base/utf8.h"

#define IN_MOST ((size_t)64 << 20)
#define PASTE_END "\033[201~"

static const struct {
    const char *bytes;
    enum line_key key;
} sequences[] = {
    {"\033[200~", LINE_KEY_PASTE},    {"\033\r", LINE_KEY_NEWLINE},     {"\033\n", LINE_KEY_NEWLINE},
    {"\033[13;2u", LINE_KEY_NEWLINE}, {"\033[13;3u", LINE_KEY_NEWLINE}, {"\033[27;2;13~", LINE_KEY_NEWLINE},
};
enum { SEQUENCES = sizeof sequences / sizeof sequences[0] };

void line_keys_init(struct line_keys *k)
{
    *k = (struct line_keys){0};
    buf_init(&k->in, IN_MOST);
}

void line_keys_free(struct line_keys *k)
{
    buf_free(&k->in);
}

/* Drops the bytes that were taken. */
static void drop_taken(struct line_keys *k)
{
    if (k->at == 0)
        return;
    size_t left = k->in.size - k->at;
    memmove(k->in.data, k->in.data + k->at, left);
    buf_truncate(&k->in, left);
    k->at = 0;
}

bool line_keys_add(struct line_keys *k, const char *bytes, size_t size)
{
    drop_taken(k);
    return buf_append(&k->in, bytes, size);
}

bool line_keys_push(struct line_keys *k, enum line_key key)
{
    char bytes[4];
    size_t size = utf8_encode((uint32_t)key, bytes);
    drop_taken(k);
    if (!buf_append(&k->in, bytes, size))
        return false;
    memmove(k->in.data + size, k->in.data, k->in.size - size);
    memcpy(k->in.data, bytes, size);
    return true;
}

/* The index of the sequence that the text begins with, -1 for none; *unsure if more bytes could make it one. */
static int find_sequence(const char *text, size_t size, bool *unsure)
{
    *unsure = false;
    for (int i = 0; i < SEQUENCES; i++) {
        size_t length = strlen(sequences[i].bytes);
        if (size >= length && memcmp(text, sequences[i].bytes, length) == 0)
            return i;
        *unsure |= size < length && memcmp(text, sequences[i].bytes, size) == 0;
    }
    return -1;
}

int32_t line_keys_next(struct line_keys *k, bool final)
{
    size_t size = k->in.size - k->at;
    const char *text = buf_text(&k->in) + k->at;
    if (size == 0)
        return LINE_KEYS_NONE;
    bool unsure = false;
    int found = *text == '\033' ? find_sequence(text, size, &unsure) : -1;
    unsure |= utf8_pending(text, size) == size;
    if (found < 0 && unsure && !final)
        return LINE_KEYS_UNSURE;
    if (found >= 0) {
        k->at += strlen(sequences[found].bytes);
        return (int32_t)sequences[found].key;
    }
    size_t used;
    uint32_t code = utf8_decode(text, size, &used);
    k->at += used;
    return code == UTF8_INVALID ? 0xFFFD : (int32_t)code;
}

/* Terminals paste newlines as carriage returns, as the Enter key sends them. */
static void append_pasted(struct buf *out, const char *text, size_t size)
{
    struct buf lines;
    buf_init(&lines, IN_MOST);
    for (size_t i = 0; i < size; i++)
        if (text[i] == '\r')
            buf_putc(&lines, '\n');
        else if (text[i] != '\n' || i == 0 || text[i - 1] != '\r')
            buf_putc(&lines, text[i]);
    utf8_clean(out, buf_text(&lines), lines.size);
    buf_free(&lines);
}

bool line_keys_paste(struct line_keys *k, bool final, struct buf *out)
{
    drop_taken(k);
    const char *text = buf_text(&k->in);
    const char *end = k->in.size > 0 ? memmem(text, k->in.size, PASTE_END, strlen(PASTE_END)) : NULL;
    if (end == NULL && !final)
        return false;
    size_t size = end != NULL ? (size_t)(end - text) : k->in.size;
    append_pasted(out, text, size);
    k->at = end != NULL ? size + strlen(PASTE_END) : size;
    return true;
}
