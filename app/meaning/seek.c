/* Seek: a query's vector, one pass over all vectors, and the texts of the few that were found. */
#include <config.h>

#include "app/meaning/seek.h"

#include <stdlib.h>
#include <string.h>

#include "app/meaning/coder.h"
#include "app/meaning/vectors.h"
#include "app/text/passages.h"
#include "history/history.h"

enum {
    FOUND_MOST = 64,   /* messages of a search; some may be archived or deleted */
    QUERY_MOST = 4096, /* bytes that are encoded */
    SENTENCES = 32,    /* of a passage that are compared */
    AT_ONCE = 4,       /* sentences that are encoded without asking */
};

struct seek {
    struct store *store;
    struct coder *coder;
    struct vectors *vectors; /* NULL while there is no file */
    char *file;
    uint64_t fingerprint;
    int8_t *query; /* (width) */
    float scale;
};

struct seek *seek_open(const char *history, const char *file, const struct model *model, int32_t threads,
                       struct error *err)
{
    const struct store_options options = {.read_only = true, .busy_ms = 100};
    struct seek *s = calloc(1, sizeof *s);
    if (s == NULL || (s->file = strdup(file)) == NULL) {
        error_memory(err);
        free(s);
        return NULL;
    }
    s->fingerprint = model_info(model)->fingerprint;
    s->store = store_open(history, &options, err);
    s->coder = s->store != NULL ? coder_open(model, threads, err) : NULL;
    if (s->coder != NULL && (s->query = malloc(coder_width(s->coder))) == NULL)
        error_memory(err);
    if (s->query != NULL)
        return s;
    seek_free(s);
    return NULL;
}

void seek_free(struct seek *s)
{
    if (s == NULL)
        return;
    vectors_free(s->vectors);
    coder_free(s->coder);
    store_close(s->store);
    free(s->query);
    free(s->file);
    free(s);
}

/* ---- messages --------------------------------------------------------------------------------------------------- */

/* Adds what is still there to hits, which has room for it. */
static enum error_code add_found(struct seek *s, const struct vectors_found *found, bool archived,
                                 struct meaning_hits *hits, struct error *err)
{
    struct error why = {0};
    const struct store_span passage = {found->start, (size_t)found->start + found->size};
    struct meaning_hit *h = &hits->at[hits->n];
    *h = (struct meaning_hit){.likeness = found->likeness};
    if (store_passage(s->store, found->message, archived, passage, &h->hit, &why) == ERR_NONE)
        hits->n++;
    else if (why.code != ERR_NOT_FOUND)
        return error_set(err, why.code, "%s", why.message);
    return ERR_NONE;
}

static enum error_code read_vectors(struct seek *s, struct error *err)
{
    if (s->vectors == NULL)
        s->vectors = vectors_read(s->file, s->fingerprint, coder_width(s->coder), err);
    return s->vectors != NULL ? ERR_NONE : err->code;
}

enum error_code seek_find(struct seek *s, const char *query, bool archived, size_t most, struct meaning_hits *out,
                          struct error *err)
{
    struct vectors_found found[FOUND_MOST];
    struct meaning_hits hits = {.at = calloc(FOUND_MOST, sizeof *hits.at)};
    const size_t size = strlen(query);
    const struct coder_text text = {query, size < QUERY_MOST ? size : QUERY_MOST};
    size_t n = FOUND_MOST;
    enum error_code code = hits.at != NULL ? read_vectors(s, err) : error_memory(err);
    if (code == ERR_NONE)
        code = coder_encode(s->coder, &text, 1, s->query, &s->scale, err);
    if (code == ERR_NONE)
        code = vectors_search(s->vectors, s->query, s->scale, found, &n, err);
    for (size_t i = 0; code == ERR_NONE && i < n && hits.n < most; i++)
        code = add_found(s, &found[i], archived, &hits, err);
    if (code == ERR_NONE)
        *out = hits;
    else
        meaning_hits_free(&hits);
    return code;
}

/* ---- sentences -------------------------------------------------------------------------------------------------- */

/* The sentences of text[span.start..span.end), at most SENTENCES; those beyond are never the likest. */
static size_t cut_sentences(const char *text, struct store_span span, struct coder_text *out)
{
    size_t n = 0;
    for (size_t at = span.start, size; at < span.end && n < SENTENCES; at += size) {
        size = passages_sentence(text + at, span.end - at);
        out[n++] = (struct coder_text){text + at, size};
    }
    return n;
}

/* Sets *best to the number of the likest sentence. */
static enum error_code choose_sentence(struct seek *s, const struct coder_text *sentences, size_t n, size_t *best,
                                       seek_goes_on *goes_on, void *context, struct error *err)
{
    const size_t width = coder_width(s->coder);
    int8_t *bytes = malloc(AT_ONCE * width);
    float scales[AT_ONCE], likest = -2;
    enum error_code code = bytes != NULL ? ERR_NONE : error_memory(err);
    for (size_t i = 0, some; i < n && code == ERR_NONE; i += some) {
        some = n - i < AT_ONCE ? n - i : AT_ONCE;
        code = goes_on(context) ? coder_encode(s->coder, sentences + i, some, bytes, scales, err)
                                : error_set(err, ERR_STOPPED, "stopped");
        for (size_t k = 0; k < some && code == ERR_NONE; k++) {
            const float likeness = coder_likeness(bytes + k * width, scales[k], s->query, s->scale, width);
            if (likeness > likest) {
                likest = likeness;
                *best = i + k;
            }
        }
    }
    free(bytes);
    return code;
}

static struct store_span span_of(const char *text, const struct coder_text *sentence)
{
    const size_t start = (size_t)(sentence->text - text);
    size_t end = start + sentence->size;
    while (end > start + 1 && strchr(" \t\r\n", text[end - 1]) != NULL)
        end--;
    return (struct store_span){start, end};
}

/* Shows this sentence; whether the conversation is archived was decided when the message was found. */
static enum error_code show_sentence(struct seek *s, struct meaning_hit *h, struct store_span sentence,
                                     struct error *err)
{
    struct meaning_hits old = {.at = calloc(1, sizeof *old.at), .n = 1};
    if (old.at == NULL)
        return error_memory(err);
    *old.at = *h;
    const enum error_code code = store_passage(s->store, h->hit.message, true, sentence, &h->hit, err);
    if (code == ERR_NONE)
        meaning_hits_free(&old);
    else
        free(old.at);
    return code;
}

enum error_code seek_settle(struct seek *s, struct meaning_hit *h, seek_goes_on *goes_on, void *context,
                            struct error *err)
{
    struct coder_text sentences[SENTENCES];
    struct store_message m = {0};
    size_t best = 0;
    if (h->settled)
        return ERR_NONE;
    if (store_message_get(s->store, h->hit.message, &m, err) != ERR_NONE)
        return err->code;
    struct store_span passage = h->hit.places[0];
    passage.end = passage.end < m.size ? passage.end : m.size;
    const size_t n = passage.start < passage.end ? cut_sentences(m.text, passage, sentences) : 0;
    enum error_code code = ERR_NONE;
    if (n > 1 && (code = choose_sentence(s, sentences, n, &best, goes_on, context, err)) == ERR_NONE)
        code = show_sentence(s, h, span_of(m.text, &sentences[best]), err);
    h->settled = code == ERR_NONE;
    store_message_free(&m);
    return code;
}
