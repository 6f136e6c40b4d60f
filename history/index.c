/* The words of a text as the search index holds them.
 *
 * SQLite's tokenizer splits at spaces and punctuation. Scripts without spaces between words (Chinese, Japanese,
 * Thai...) would give one "word" per sentence; so each of their characters is indexed by itself, and a word is
 * searched for as a phrase. Unlike trigrams this finds words of one and two characters, which are most of Chinese. */
#include <config.h>

#include "history/index.h"

#include "base/buf.h"
#include "base/error.h"
#include "base/utf8.h"
#include "history/db.h"
#include "history/store.h"

static bool is_own_word(uint32_t c)
{
    static const struct {
        uint32_t low, high;
    } scripts[] = {
        {0x0E00, 0x0EFF},                     /* Thai, Lao */
        {0x0F00, 0x0FFF},                     /* Tibetan */
        {0x1000, 0x109F},                     /* Burmese */
        {0x1780, 0x17FF},                     /* Khmer */
        {0x3040, 0x312F},                     /* Hiragana, Katakana, Bopomofo */
        {0x31F0, 0x31FF},   {0x3400, 0x4DBF}, /* Han */
        {0x4E00, 0x9FFF},   {0xAC00, 0xD7AF}, /* Hangul: particles are attached to the word */
        {0xF900, 0xFAFF},   {0xFF66, 0xFF9F}, /* Katakana, half width */
        {0x20000, 0x3FFFF},
    };
    for (size_t i = 0; c >= 0x0E00 && i < sizeof scripts / sizeof *scripts; i++)
        if (c >= scripts[i].low && c <= scripts[i].high)
            return true;
    return false;
}

bool index_words(struct buf *out, const char *text, size_t size)
{
    size_t plain = 0; /* bytes before text that are not yet copied */
    const char *end = text + size;
    while (text < end) {
        size_t used = 1;
        if ((unsigned char)*text >= 0xE0) {
            uint32_t c = utf8_decode(text, (size_t)(end - text), &used);
            if (c != UTF8_INVALID && is_own_word(c)) {
                buf_append(out, text - plain, plain);
                buf_putc(out, ' ');
                buf_append(out, text, used);
                buf_putc(out, ' ');
                text += used;
                plain = 0;
                continue;
            }
        }
        text += used;
        plain += used;
    }
    return buf_append(out, text - plain, plain);
}

/* Runs sql with an id and the words of a text. */
static enum error_code run_with_words(struct store *s, const char *sql, int64_t id, const char *text, size_t size,
                                      struct error *err)
{
    if (size == 0)
        return ERR_NONE;
    struct buf words;
    buf_init(&words, 3 * size + 1);
    enum error_code code = index_words(&words, text, size) ? db_run(s, err, sql, "it", id, buf_text(&words), words.size)
                                                           : db_memory(s, err);
    buf_free(&words);
    return code;
}

enum error_code index_add(struct store *s, enum index_table table, int64_t id, const char *text, size_t size,
                          struct error *err)
{
    return run_with_words(s,
                          table == INDEX_TEXTS ? "INSERT INTO words (rowid, text) VALUES (?, ?)"
                                               : "INSERT INTO title_words (rowid, text) VALUES (?, ?)",
                          id, text, size, err);
}

enum error_code index_drop(struct store *s, enum index_table table, int64_t id, const char *text, size_t size,
                           struct error *err)
{
    return run_with_words(s,
                          table == INDEX_TEXTS
                              ? "INSERT INTO words (words, rowid, text) VALUES ('delete', ?, ?)"
                              : "INSERT INTO title_words (title_words, rowid, text) VALUES ('delete', ?, ?)",
                          id, text, size, err);
}
