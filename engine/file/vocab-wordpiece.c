/* WordPiece vocabularies (Devlin et al. 2018, arXiv:1810.04805): vocab.txt, a word a line, and tokenizer.json.
 *
 * There a piece that continues a word is marked by "##". In GGUF files, and so in a struct vocab, it is the piece that
 * begins a word that has a mark, U+2581, and special tokens have none. A word that is there twice has the last of its
 * ids, as in Python's dictionaries, from which the published ids came. */
#include <stdio.h>
#include <string.h>

#include <jansson.h>

#include "engine/file/vocab.h"

enum { WORD_MOST = 1 << 16 }; /* bytes */

struct reader {
    struct vocab *v;
    const char *file;
    struct error *err;
};

/* What transformers takes for special where no file says otherwise. */
static const char *const specials[] = {"[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"};

static enum error_code reader_refuse(const struct reader *r, const char *what)
{
    return error_set(r->err, ERR_UNSUPPORTED, "%s: %s; Palaver reads WordPiece as BERT has it", r->file, what);
}

static enum error_code reader_damaged(const struct reader *r, const char *what)
{
    return error_set(r->err, ERR_FORMAT, "%s: %s; the file is damaged, fetch it again", r->file, what);
}

static bool is_special(const char *word)
{
    for (size_t i = 0; i < sizeof specials / sizeof *specials; i++)
        if (strcmp(word, specials[i]) == 0)
            return true;
    return false;
}

/* ---- words ------------------------------------------------------------------------------------------------------ */

static enum error_code add_word(const struct reader *r, const char *word, const json_t *id)
{
    const size_t size = strlen(word);
    bool added;
    if (!json_is_integer(id) || json_integer_value(id) < 0 || json_integer_value(id) >= VOCAB_MOST)
        return reader_damaged(r, "a word has an impossible id");
    const uint64_t at = (uint64_t)json_integer_value(id);
    if (size > WORD_MOST)
        return reader_damaged(r, "a word is longer than 65536 bytes");
    if (is_special(word)) {
        added = vocab_set(r->v, at, word, size, 0, VOCAB_CONTROL);
    } else if (strncmp(word, "##", 2) == 0 && size > 2) {
        added = vocab_set(r->v, at, word + 2, size - 2, 0, VOCAB_NORMAL);
    } else {
        struct buf marked;
        buf_init(&marked, WORD_MOST + 8);
        buf_puts(&marked, "\xE2\x96\x81");
        buf_append(&marked, word, size);
        added = !buf_failed(&marked) && vocab_set(r->v, at, marked.data, marked.size, 0, VOCAB_NORMAL);
        buf_free(&marked);
    }
    return added ? ERR_NONE : error_memory(r->err);
}

/* words: from each word to its id. */
static enum error_code add_words(const struct reader *r, const json_t *words)
{
    const char *word;
    json_t *id;
    enum error_code code = ERR_NONE;
    if (!json_is_object(words) || json_object_size(words) == 0)
        return reader_damaged(r, "the vocabulary is missing");
    json_object_foreach((json_t *)words, word, id)
        if (code == ERR_NONE)
            code = add_word(r, word, id);
    return code;
}

static void find_marks(struct vocab *v)
{
    v->bos = vocab_find(v, "[CLS]", 5);
    v->eos = vocab_find(v, "[SEP]", 5);
    v->unknown = vocab_find(v, "[UNK]", 5);
}

/* The line that ends at end without its line end, as a key of lines. */
static enum error_code add_line(const struct reader *r, json_t *words, char *line, char *end, size_t number)
{
    if (end > line && end[-1] == '\r')
        end--;
    *end = '\0';
    if (strlen(line) != (size_t)(end - line))
        return error_set(r->err, ERR_FORMAT, "%s: line %zu: a NUL; the file is damaged, fetch it again", r->file,
                         number + 1);
    if (number >= VOCAB_MOST)
        return reader_damaged(r, "it has more than 1048576 lines");
    return json_object_set_new_nocheck(words, line, json_integer((json_int_t)number)) == 0 ? ERR_NONE
                                                                                           : error_memory(r->err);
}

enum error_code vocab_read_words(struct vocab *v, const char *file, const char *text, size_t size, struct error *err)
{
    const struct reader r = {v, file, err};
    json_t *words = json_object();
    struct buf copy;
    buf_init(&copy, size + 1);
    buf_append(&copy, text, size);
    enum error_code code = words == NULL || buf_failed(&copy) ? error_memory(err) : ERR_NONE;
    size_t number = 0;
    for (size_t at = 0; code == ERR_NONE && at < size; number++) {
        char *line = copy.data + at, *end = memchr(line, '\n', size - at);
        end = end != NULL ? end : copy.data + size;
        at = (size_t)(end - copy.data) + 1;
        code = add_line(&r, words, line, end, number);
    }
    v->wordpiece = v->lower_case = v->strip_accents = v->split_ideographs = true;
    if (code == ERR_NONE)
        code = add_words(&r, words);
    find_marks(v);
    buf_free(&copy);
    json_decref(words);
    return code;
}

/* ---- tokenizer.json --------------------------------------------------------------------------------------------- */

static bool is_type(const json_t *object, const char *type)
{
    const char *own = json_string_value(json_object_get(object, "type"));
    return own != NULL && strcmp(own, type) == 0;
}

/* Added tokens are found in a text as they are spelled, before anything is done to it. */
static enum error_code read_added(const struct reader *r, const json_t *added)
{
    for (size_t i = 0; i < json_array_size(added); i++) {
        const json_t *token = json_array_get(added, i), *id = json_object_get(token, "id");
        const char *text = json_string_value(json_object_get(token, "content"));
        if (text == NULL || *text == '\0' || !json_is_integer(id) || json_integer_value(id) < 0 ||
            json_integer_value(id) >= VOCAB_MOST)
            return reader_damaged(r, "an added token is damaged");
        const bool special = json_is_true(json_object_get(token, "special"));
        if (!vocab_set(r->v, (uint64_t)json_integer_value(id), text, strlen(text), 0,
                       special ? VOCAB_CONTROL : VOCAB_USER_DEFINED))
            return error_memory(r->err);
    }
    return ERR_NONE;
}

static bool is_unset(const json_t *value)
{
    return value == NULL || json_is_null(value);
}

static void read_normalizer(struct vocab *v, const json_t *n)
{
    const json_t *accents = json_object_get(n, "strip_accents");
    v->lower_case = !json_is_false(json_object_get(n, "lowercase"));
    v->strip_accents = is_unset(accents) ? v->lower_case : json_is_true(accents);
    v->split_ideographs = !json_is_false(json_object_get(n, "handle_chinese_chars"));
}

static enum error_code read_all(const struct reader *r, const json_t *root)
{
    const json_t *model = json_object_get(root, "model"), *normalizer = json_object_get(root, "normalizer");
    const json_t *most = json_object_get(model, "max_input_chars_per_word");
    const char *prefix = json_string_value(json_object_get(model, "continuing_subword_prefix"));
    if (!is_type(model, "WordPiece"))
        return reader_refuse(r, "its model is no WordPiece");
    if (!is_type(normalizer, "BertNormalizer") || json_is_false(json_object_get(normalizer, "clean_text")) ||
        !is_type(json_object_get(root, "pre_tokenizer"), "BertPreTokenizer"))
        return reader_refuse(r, "its normaliser or pre-tokeniser is none of BERT's");
    if ((prefix != NULL && strcmp(prefix, "##") != 0) || (most != NULL && json_integer_value(most) != 100))
        return reader_refuse(r, "its words continue otherwise than by ##, or may have another length than 100");
    r->v->wordpiece = true;
    read_normalizer(r->v, normalizer);
    enum error_code code = add_words(r, json_object_get(model, "vocab"));
    if (code == ERR_NONE)
        code = read_added(r, json_object_get(root, "added_tokens"));
    find_marks(r->v);
    return code;
}

enum error_code vocab_read_wordpiece(struct vocab *v, const char *file, const char *text, size_t size,
                                     struct error *err)
{
    json_error_t fault;
    const struct reader r = {v, file, err};
    json_t *root = json_loadb(text, size, JSON_ALLOW_NUL, &fault);
    const enum error_code code = root != NULL ? read_all(&r, root)
                                              : error_set(err, ERR_FORMAT,
                                                          "%s: line %d: %s; the file is damaged, fetch it again", file,
                                                          fault.line, fault.text);
    json_decref(root);
    return code;
}
