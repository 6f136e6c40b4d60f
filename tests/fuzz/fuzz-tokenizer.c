/* Fuzz target: any bytes as a text. It must come back from both kinds of tokenizer, and no word may be lost between two
 * cuts of any pre-tokeniser. */
#include "config.h"

#include <stdlib.h>
#include <string.h>

#include "base/utf8.h"
#include "tests/fuzz/vocabularies.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void cut(enum pretokenizer pre, const char *text, size_t size)
{
    for (size_t at = 0, used; at < size; at += used) {
        used = pretokenize(pre, text + at, size - at);
        if (used == 0 || used > size - at)
            abort();
    }
}

/* What SentencePiece gives back of well-formed text: U+2581 is a space. */
static void spaced(const char *text, size_t size, struct buf *out)
{
    for (size_t at = 0, used; at < size; at += used)
        if (utf8_decode(text + at, size - at, &used) == 0x2581)
            buf_putc(out, ' ');
        else
            buf_append(out, text + at, used);
}

static void there_and_back(const struct tokenizer *t, const char *text, size_t size)
{
    struct error err = {0};
    struct ids ids = {0};
    struct buf back, want;
    bool exact = t->kind == &bpe_kind || utf8_check(text, size) == size;
    buf_init(&back, SIZE_MAX / 2);
    buf_init(&want, SIZE_MAX / 2);
    if (tokenizer_encode(t, text, size, &ids, &err) != ERR_NONE || !tokenizer_decode(t, ids.at, ids.n, &back))
        abort();
    for (size_t i = 0; i < ids.n; i++)
        if (ids.at[i] < 0 || ids.at[i] >= tokenizer_size(t) || tokenizer_is_control(t, ids.at[i]))
            abort();
    if (t->kind == &bpe_kind)
        buf_append(&want, text, size);
    else
        spaced(text, size, &want);
    if (exact && (back.size != want.size || memcmp(buf_text(&back), buf_text(&want), want.size) != 0))
        abort();
    buf_free(&back);
    buf_free(&want);
    ids_free(&ids);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    for (int pre = PRE_GPT2; pre <= PRE_QWEN2; pre++)
        cut((enum pretokenizer)pre, (const char *)data, size);
    for (int i = 0; i < VOCABULARIES; i++)
        there_and_back(vocabulary(i), (const char *)data, size);
    return 0;
}
