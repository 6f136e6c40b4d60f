/* tokenizer.json, as Hugging Face's tokenizers write it: BPE with byte fallback (Llama 2's, which is SentencePiece's in
 * another spelling) and byte-level BPE.
 *
 * SentencePiece joins the pair whose joint piece has the best score; tokenizers joins the pair that stands first in the
 * list of merges. A piece's score is therefore the negated rank of the first merge that makes it. */
#include <stdio.h>
#include <string.h>

#include <jansson.h>

#include "engine/file/names.h"
#include "engine/file/vocab.h"

struct reader {
    struct vocab *v;
    const char *file;
    const json_t *root, *model;
    struct error *err;
};

static enum error_code refuse(const struct reader *r, const char *what)
{
    return error_set(r->err, ERR_UNSUPPORTED, "%s: %s; Palaver reads BPE as Llama 2's and byte-level BPE", r->file,
                     what);
}

static enum error_code damaged(const struct reader *r, const char *what)
{
    return error_set(r->err, ERR_FORMAT, "%s: %s; the file is damaged, fetch it again", r->file, what);
}

static bool is_type(const json_t *object, const char *type)
{
    const char *own = json_string_value(json_object_get(object, "type"));
    return own != NULL && strcmp(own, type) == 0;
}

/* ---- tokens ----------------------------------------------------------------------------------------------------- */

static bool is_byte_token(const char *text)
{
    unsigned byte;
    char end;
    return strlen(text) == 6 && sscanf(text, "<0x%2X%c", &byte, &end) == 2 && end == '>';
}

static enum error_code read_tokens(struct reader *r)
{
    const json_t *vocab = json_object_get(r->model, "vocab");
    const char *text;
    json_t *id;
    if (!json_is_object(vocab) || json_object_size(vocab) == 0)
        return damaged(r, "the vocabulary is missing");
    json_object_foreach((json_t *)vocab, text, id) {
        const enum vocab_type type = !r->v->bytelevel && is_byte_token(text) ? VOCAB_BYTE : VOCAB_NORMAL;
        if (!json_is_integer(id) || json_integer_value(id) < 0 || json_integer_value(id) >= VOCAB_MOST)
            return damaged(r, "a token has an impossible id");
        if (!vocab_set(r->v, (uint64_t)json_integer_value(id), text, strlen(text), 0, type))
            return error_memory(r->err);
    }
    return ERR_NONE;
}

static enum error_code read_added(struct reader *r)
{
    const json_t *added = json_object_get(r->root, "added_tokens");
    for (size_t i = 0; i < json_array_size(added); i++) {
        const json_t *token = json_array_get(added, i), *id = json_object_get(token, "id");
        const char *text = json_string_value(json_object_get(token, "content"));
        if (text == NULL || !json_is_integer(id) || json_integer_value(id) < 0 || json_integer_value(id) >= VOCAB_MOST)
            return damaged(r, "an added token is damaged");
        const bool special = json_is_true(json_object_get(token, "special"));
        if (!vocab_set(r->v, (uint64_t)json_integer_value(id), text, strlen(text), 0,
                       special ? VOCAB_CONTROL : VOCAB_USER_DEFINED))
            return error_memory(r->err);
    }
    const char *unknown = json_string_value(json_object_get(r->model, "unk_token"));
    r->v->unknown = unknown != NULL ? vocab_find(r->v, unknown, strlen(unknown)) : -1;
    if (r->v->unknown >= 0)
        r->v->at[r->v->unknown].type = VOCAB_UNKNOWN;
    return ERR_NONE;
}

/* ---- merges ----------------------------------------------------------------------------------------------------- */

/* Both spellings of a merge: "left right" and ["left", "right"]; false for neither. */
static bool read_merge(const json_t *merge, struct buf *line, size_t *left)
{
    const char *text = json_string_value(merge), *second = NULL;
    buf_clear(line);
    if (text == NULL) {
        text = json_string_value(json_array_get(merge, 0));
        second = json_string_value(json_array_get(merge, 1));
        if (text == NULL || second == NULL)
            return false;
        *left = strlen(text);
    } else {
        const char *blank = strchr(text + (text[0] != '\0'), ' ');
        if (blank == NULL)
            return false;
        *left = (size_t)(blank - text);
        second = blank + 1;
    }
    buf_append(line, text, *left);
    buf_putc(line, ' ');
    return buf_puts(line, second);
}

/* Gives each piece that a merge makes its score. */
static enum error_code score_pieces(struct reader *r, const json_t *merges)
{
    struct names ids = {0};
    struct buf line;
    enum error_code code = ERR_NONE;
    buf_init(&line, 1 << 20);
    const char *text;
    json_t *id;
    json_object_foreach(json_object_get(r->model, "vocab"), text, id)
        if (code == ERR_NONE && names_add(&ids, text, (size_t)json_integer_value(id)) != ERR_NONE)
            code = error_memory(r->err);
    for (size_t i = 0; i < r->v->n; i++)
        r->v->at[i].score = r->v->at[i].type == VOCAB_NORMAL ? -1e9f : 0;
    for (size_t i = json_array_size(merges); i > 0 && code == ERR_NONE; i--) { /* the first comes last */
        size_t left, at;
        if (!read_merge(json_array_get(merges, i - 1), &line, &left)) {
            code = damaged(r, "a merge is damaged");
            break;
        }
        memmove(line.data + left, line.data + left + 1, line.size - left); /* takes the blank out */
        if (names_find(&ids, line.data, &at))
            r->v->at[at].score = -(float)(i - 1);
    }
    names_free(&ids);
    buf_free(&line);
    return code;
}

static enum error_code keep_merges(struct reader *r, const json_t *merges)
{
    struct buf line;
    enum error_code code = ERR_NONE;
    buf_init(&line, 1 << 20);
    metadata_begin_texts(&r->v->merges, "tokenizer.ggml.merges");
    for (size_t i = 0; i < json_array_size(merges) && code == ERR_NONE; i++) {
        size_t left;
        if (read_merge(json_array_get(merges, i), &line, &left))
            metadata_add_text(&r->v->merges, buf_text(&line), line.size);
        else
            code = damaged(r, "a merge is damaged");
    }
    metadata_end(&r->v->merges);
    buf_free(&line);
    return code == ERR_NONE && metadata_failed(&r->v->merges) ? error_memory(r->err) : code;
}

/* ---- how texts are cut ------------------------------------------------------------------------------------------ */

/* A pre-tokeniser being read. */
struct stages {
    struct metadata *expressions; /* an open array of texts */
    int n;
    bool bytelevel, digits, own_regex, understood;
};

static void add_stage(struct stages *s, const json_t *pre)
{
    const json_t *parts = json_object_get(pre, "pretokenizers");
    for (size_t i = 0; is_type(pre, "Sequence") && i < json_array_size(parts); i++)
        add_stage(s, json_array_get(parts, i));
    if (is_type(pre, "Sequence"))
        return;
    const char *expression = json_string_value(json_object_get(json_object_get(pre, "pattern"), "Regex"));
    const char *behaviour = json_string_value(json_object_get(pre, "behavior"));
    if (is_type(pre, "ByteLevel")) {
        s->bytelevel = true;
        s->own_regex = !json_is_false(json_object_get(pre, "use_regex"));
        s->understood &= !json_is_true(json_object_get(pre, "add_prefix_space"));
    } else if (is_type(pre, "Digits") && json_is_true(json_object_get(pre, "individual_digits"))) {
        s->digits = true;
    } else if (is_type(pre, "Split") && expression != NULL && behaviour != NULL && strcmp(behaviour, "Isolated") == 0 &&
               !json_is_true(json_object_get(pre, "invert"))) {
        metadata_add_text(s->expressions, expression, strlen(expression));
        s->n++;
    } else {
        s->understood = false;
    }
}

static enum error_code read_pre(struct reader *r)
{
    struct stages s = {.expressions = &r->v->expressions, .understood = true};
    metadata_begin_texts(s.expressions, "palaver.tokenizer.expressions");
    add_stage(&s, json_object_get(r->root, "pre_tokenizer"));
    metadata_end(s.expressions);
    r->v->whole_words = json_is_true(json_object_get(r->model, "ignore_merges"));
    if (s.understood && s.bytelevel && s.n == 0 && s.own_regex)
        r->v->pre = s.digits ? "smollm" : "gpt-2";
    else if (!s.understood || !s.bytelevel || s.n == 0 || s.digits || s.own_regex)
        return refuse(r, "its pre-tokeniser is none that Palaver knows");
    return ERR_NONE;
}

/* Llama 2's normaliser puts U+2581 in front; Metaspace does the same. */
static bool has_space_prefix(const json_t *root)
{
    const json_t *normalizer = json_object_get(root, "normalizer"), *pre = json_object_get(root, "pre_tokenizer");
    const json_t *parts = json_object_get(normalizer, "normalizers");
    const char *scheme = json_string_value(json_object_get(pre, "prepend_scheme"));
    for (size_t i = 0; i < json_array_size(parts); i++)
        if (is_type(json_array_get(parts, i), "Prepend"))
            return true;
    if (is_type(normalizer, "Prepend"))
        return true;
    return is_type(pre, "Metaspace") && (scheme == NULL || strcmp(scheme, "never") != 0) &&
           !json_is_false(json_object_get(pre, "add_prefix_space"));
}

/* The special token that the post-processor puts before a text; -1: none. */
static int32_t find_bos(const struct reader *r, const json_t *processor)
{
    const json_t *parts = json_object_get(processor, "processors");
    for (size_t i = 0; i < json_array_size(parts); i++) {
        const int32_t id = find_bos(r, json_array_get(parts, i));
        if (id >= 0)
            return id;
    }
    const json_t *first = json_array_get(json_object_get(processor, "single"), 0);
    const char *text = json_string_value(json_object_get(json_object_get(first, "SpecialToken"), "id"));
    return is_type(processor, "TemplateProcessing") && text != NULL ? vocab_find(r->v, text, strlen(text)) : -1;
}

static enum error_code read_all(struct reader *r)
{
    const json_t *merges = json_object_get(r->model, "merges"), *pre = json_object_get(r->root, "pre_tokenizer");
    if (!is_type(r->model, "BPE") && json_object_get(r->model, "type") != NULL)
        return refuse(r, "its model is no BPE");
    if (!json_is_array(merges))
        return damaged(r, "the merges are missing");
    r->v->bytelevel = !json_is_true(json_object_get(r->model, "byte_fallback"));
    enum error_code code = r->v->bytelevel ? read_pre(r) : ERR_NONE;
    if (!r->v->bytelevel && !json_is_null(pre) && pre != NULL && !is_type(pre, "Metaspace"))
        code = refuse(r, "its pre-tokeniser is none that Palaver knows");
    if (code == ERR_NONE)
        code = read_tokens(r);
    if (code == ERR_NONE)
        code = r->v->bytelevel ? keep_merges(r, merges) : score_pieces(r, merges);
    if (code == ERR_NONE)
        code = read_added(r);
    r->v->space_prefix = !r->v->bytelevel && has_space_prefix(r->root);
    r->v->bos = find_bos(r, json_object_get(r->root, "post_processor"));
    r->v->adds_bos = r->v->bos >= 0;
    return code;
}

enum error_code vocab_read_json(struct vocab *v, const char *file, const char *text, size_t size, struct error *err)
{
    json_error_t fault;
    json_t *root = json_loadb(text, size, JSON_ALLOW_NUL, &fault);
    struct reader r = {.v = v, .file = file, .root = root, .model = json_object_get(root, "model"), .err = err};
    enum error_code code;
    if (root == NULL)
        code = error_set(err, ERR_FORMAT, "%s: line %d: %s; the file is damaged, fetch it again", file, fault.line,
                         fault.text);
    else
        code = read_all(&r);
    json_decref(root);
    return code;
}
