/* Corpus: reading and counting. */
#include <config.h>

#include "app/commands/corpus.h"

#include <string.h>
#include <unistd.h>

#include "app/text/input.h"
#include "base/buf.h"
#include "base/error.h"
#include "engine/engine.h"

/* Bytes that continue no character. */
static size_t count_characters(const struct buf *text)
{
    size_t n = 0;
    for (size_t i = 0; i < text->size; i++)
        n += ((unsigned char)text->data[i] & 0xC0) != 0x80;
    return n;
}

void corpus_measure_first(struct corpus *c, const struct buf *first)
{
    c->first_bytes = first->size < c->bytes ? first->size : c->bytes;
    c->first_characters = count_characters(first) < c->characters ? count_characters(first) : c->characters;
}

enum error_code corpus_read_text(struct corpus *c, const char *path, struct buf *text, struct error *err)
{
    *c = (struct corpus){0};
    const bool standard_input = strcmp(path, "-") == 0;
    const char *name = standard_input ? "standard input" : path;
    const int fd = standard_input ? STDIN_FILENO : input_open(path, true, err);
    enum error_code code = fd >= 0 ? input_read(fd, name, text, err) : err->code;
    if (fd > STDIN_FILENO)
        close(fd);
    if (code == ERR_NONE)
        code = input_check_utf8(text, name, err);
    c->bytes = text->size;
    c->characters = count_characters(text);
    return code;
}

enum error_code corpus_read(struct corpus *c, const char *path, const struct tokenizer *t, struct error *err)
{
    struct buf text, first;
    buf_init(&text, INPUT_MOST);
    buf_init(&first, 4096);
    enum error_code code = corpus_read_text(c, path, &text, err);
    if (code == ERR_NONE)
        code = tokenizer_encode(t, buf_text(&text), text.size, &c->ids, err);
    if (c->ids.n > 0 && tokenizer_piece(t, c->ids.at[0], &first))
        corpus_measure_first(c, &first);
    buf_free(&first);
    buf_free(&text);
    return code;
}

void corpus_free(struct corpus *c)
{
    ids_free(&c->ids);
}

int32_t corpus_bos(const struct tokenizer *t)
{
    return tokenizer_adds_bos(t) ? tokenizer_bos(t) : -1;
}

int32_t corpus_window(int32_t asked, int32_t room)
{
    return asked > 0 ? asked : room > 0 && room < CORPUS_WINDOW ? room : CORPUS_WINDOW;
}
