/* Fill: looking at the history, and encoding in stretches. */
#include <config.h>

#include "app/meaning/fill.h"

#include <stdlib.h>
#include <string.h>

#include "app/meaning/coder.h"
#include "app/meaning/known.h"
#include "app/meaning/vectors.h"
#include "app/text/passages.h"
#include "history/history.h"

enum {
    PAGE = 200,           /* messages that are looked at without asking */
    LOADED = 32,          /* messages on their way at once */
    STRETCH_TOKENS = 256, /* about so many are encoded at once: some 50 milliseconds of two processors */
    TEXT_MOST = VECTORS_PASSAGES * CODER_TOKENS * 16, /* bytes of a message that are cut into passages */
};

/* A message on its way. */
struct loading {
    int64_t message;
    uint64_t hash;
    char *text;
    struct passages passages;
};

struct fill {
    struct store *store;
    struct coder *coder;
    struct vectors *vectors;
    struct known known;
    struct store_revisions revisions; /* as they were when their conversations were looked at */
    bool complete;                    /* all texts were looked at once */
    struct loading loads[LOADED];
    size_t n_loads;
    int8_t *bytes; /* (n, width): the vectors of all their passages, the first `encoded` of which are there */
    float *scales; /* (n) */
    size_t n, encoded;
};

struct fill *fill_open(const char *history, const char *file, const struct model *model, int32_t threads,
                       struct error *err)
{
    const struct store_options options = {.read_only = true, .busy_ms = 500};
    struct fill *f = calloc(1, sizeof *f);
    if (f == NULL) {
        error_memory(err);
        return NULL;
    }
    f->store = store_open(history, &options, err);
    f->coder = f->store != NULL ? coder_open(model, threads, err) : NULL;
    if (f->coder != NULL)
        f->vectors = vectors_write(file, model_info(model)->fingerprint, coder_width(f->coder), err);
    if (f->vectors != NULL)
        return f;
    fill_free(f);
    return NULL;
}

static void free_loads(struct fill *f)
{
    for (size_t i = 0; i < f->n_loads; i++) {
        free(f->loads[i].text);
        passages_free(&f->loads[i].passages);
    }
    free(f->bytes);
    free(f->scales);
    f->bytes = NULL;
    f->scales = NULL;
    f->n_loads = f->n = f->encoded = 0;
}

void fill_free(struct fill *f)
{
    if (f == NULL)
        return;
    free_loads(f);
    known_free(&f->known);
    store_revisions_free(&f->revisions);
    vectors_free(f->vectors);
    coder_free(f->coder);
    store_close(f->store);
    free(f);
}

size_t fill_left(const struct fill *f)
{
    return f->known.left + f->n_loads;
}

size_t fill_total(const struct fill *f)
{
    return f->known.n;
}

uint64_t fill_bytes(const struct fill *f)
{
    return vectors_bytes(f->vectors);
}

/* ---- looking ---------------------------------------------------------------------------------------------------- */

/* What the visitors of one look share. */
struct look {
    struct fill *f;
    struct error *err;
    enum error_code code;
};

static bool see_text(void *context, const struct store_text *text)
{
    struct look *look = context;
    struct fill *f = look->f;
    uint64_t hash;
    const bool current = vectors_has(f->vectors, text->message, &hash) && hash == vectors_hash(text->text, text->size);
    if (!known_see(&f->known, text->message, text->conversation, !current))
        look->code = error_memory(look->err);
    return look->code == ERR_NONE;
}

/* Looks at all texts of a conversation (0: of all) page by page. */
static enum error_code look_at(struct look *look, int64_t conversation, fill_goes_on *goes_on, void *context)
{
    int64_t last = 0;
    do {
        if (!goes_on(context))
            return error_set(look->err, ERR_STOPPED, "stopped");
        if (store_texts(look->f->store, conversation, last, PAGE, see_text, look, &last, look->err) != ERR_NONE)
            return look->err->code;
    } while (last != 0 && look->code == ERR_NONE);
    return look->code;
}

static void drop_message(void *context, int64_t message)
{
    struct look *look = context;
    if (look->code == ERR_NONE)
        look->code = vectors_drop(look->f->vectors, message, look->err);
}

/* Messages whose vectors are there, but which the history has no more. */
struct gone {
    const struct known *known;
    int64_t *at;
    size_t n;
};

static void note_gone(void *context, int64_t message)
{
    struct gone *gone = context;
    if (!known_has(gone->known, message))
        gone->at[gone->n++] = message;
}

static enum error_code drop_gone(struct look *look)
{
    struct fill *f = look->f;
    struct gone gone = {.known = &f->known, .at = malloc((vectors_messages(f->vectors) + 1) * sizeof *gone.at)};
    if (gone.at == NULL)
        return error_memory(look->err);
    vectors_each(f->vectors, note_gone, &gone);
    for (size_t i = 0; i < gone.n; i++)
        drop_message(look, gone.at[i]);
    free(gone.at);
    return look->code;
}

/* A conversation that changed, or, with all of its messages, is gone. */
static enum error_code look_again(struct look *look, int64_t conversation, bool gone, fill_goes_on *goes_on,
                                  void *context)
{
    known_unsee(&look->f->known, conversation);
    if (!gone && look_at(look, conversation, goes_on, context) != ERR_NONE)
        return look->err->code;
    known_forget(&look->f->known, conversation, drop_message, look);
    return look->code;
}

/* Compares the revisions with those of the last look; both are in the order of ids. */
static enum error_code look_at_changes(struct look *look, const struct store_revisions *now, fill_goes_on *goes_on,
                                       void *context)
{
    const struct store_revisions *before = &look->f->revisions;
    enum error_code code = ERR_NONE;
    for (size_t i = 0, k = 0; code == ERR_NONE && (i < before->n || k < now->n);) {
        const int64_t old = i < before->n ? before->at[i].conversation : INT64_MAX;
        const int64_t new = k < now->n ? now->at[k].conversation : INT64_MAX;
        if (old < new)
            code = look_again(look, old, true, goes_on, context);
        else if (new < old || before->at[i].revision != now->at[k].revision)
            code = look_again(look, new, false, goes_on, context);
        i += old <= new;
        k += new <= old;
    }
    return code;
}

enum error_code fill_look(struct fill *f, fill_goes_on *goes_on, void *context, struct error *err)
{
    struct look look = {.f = f, .err = err};
    struct store_revisions now = {0};
    const bool changed = store_changed(f->store);
    if (f->complete && !changed)
        return ERR_NONE;
    if (!f->complete)
        known_free(&f->known); /* an earlier look that broke off may know what is gone by now */
    enum error_code code = store_revisions(f->store, &now, err);
    if (code == ERR_NONE && f->complete)
        code = look_at_changes(&look, &now, goes_on, context);
    else if (code == ERR_NONE && (code = look_at(&look, 0, goes_on, context)) == ERR_NONE)
        code = drop_gone(&look);
    if (code != ERR_NONE) {
        store_revisions_free(&now);
        f->complete = false; /* the next look is a whole one */
        return code;
    }
    f->complete = true;
    store_revisions_free(&f->revisions);
    f->revisions = now;
    return ERR_NONE;
}

/* ---- encoding --------------------------------------------------------------------------------------------------- */

static enum error_code load_message(struct fill *f, int64_t message, size_t *tokens, struct error *err)
{
    struct store_message m = {0};
    struct error why = {0};
    if (store_message_get(f->store, message, &m, &why) == ERR_NOT_FOUND)
        return ERR_NONE; /* the next look drops it */
    if (why.code != ERR_NONE)
        return error_set(err, why.code, "%s", why.message);
    struct loading *l = &f->loads[f->n_loads++];
    *l = (struct loading){.message = message, .hash = vectors_hash(m.text, m.size), .text = m.text};
    m.text = NULL;
    const enum error_code code =
        coder_cut(f->coder, l->text, m.size < TEXT_MOST ? m.size : TEXT_MOST, &l->passages, err);
    store_message_free(&m);
    l->passages.n = l->passages.n < VECTORS_PASSAGES ? l->passages.n : VECTORS_PASSAGES;
    f->n += l->passages.n;
    for (size_t i = 0; i < l->passages.n; i++)
        *tokens += l->passages.at[i].tokens;
    return code;
}

static enum error_code load_messages(struct fill *f, struct error *err)
{
    size_t tokens = 0;
    enum error_code code = ERR_NONE;
    for (int64_t message;
         code == ERR_NONE && f->n_loads < LOADED && tokens < STRETCH_TOKENS && (message = known_next(&f->known)) != 0;)
        code = load_message(f, message, &tokens, err);
    f->bytes = malloc((f->n + 1) * coder_width(f->coder));
    f->scales = malloc((f->n + 1) * sizeof *f->scales);
    return code == ERR_NONE && (f->bytes == NULL || f->scales == NULL) ? error_memory(err) : code;
}

/* The texts to encode next; *n of them. */
static void choose_texts(const struct fill *f, struct coder_text *texts, size_t *n)
{
    size_t at = 0, tokens = 0;
    *n = 0;
    for (size_t i = 0; i < f->n_loads; i++)
        for (size_t k = 0; k < f->loads[i].passages.n; k++, at++) {
            const struct passage *p = &f->loads[i].passages.at[k];
            if (at < f->encoded)
                continue;
            if (*n == LOADED || (*n > 0 && tokens + p->tokens > STRETCH_TOKENS))
                return;
            texts[(*n)++] = (struct coder_text){f->loads[i].text + p->at, p->size};
            tokens += p->tokens;
        }
}

static enum error_code encode_stretch(struct fill *f, struct error *err)
{
    struct coder_text texts[LOADED];
    size_t n;
    choose_texts(f, texts, &n);
    const enum error_code code =
        coder_encode(f->coder, texts, n, f->bytes + f->encoded * coder_width(f->coder), f->scales + f->encoded, err);
    f->encoded += n;
    return code;
}

/* One vector for the whole message, where the file has no room for those of its passages. */
static enum error_code put_mean(struct fill *f, const struct loading *l, size_t first, struct error *err)
{
    const size_t width = coder_width(f->coder);
    const struct passage *last = &l->passages.at[l->passages.n - 1];
    int8_t *mean = malloc(width);
    struct vectors_passage whole = {.start = 0, .size = (uint32_t)(last->at + last->size), .vector = mean};
    enum error_code code = mean != NULL ? coder_mean(f->bytes + first * width, f->scales + first, l->passages.n, width,
                                                     mean, &whole.scale, err)
                                        : error_memory(err);
    if (code == ERR_NONE)
        code = vectors_put(f->vectors, l->message, l->hash, &whole, 1, err);
    free(mean);
    return code;
}

static enum error_code put_message(struct fill *f, const struct loading *l, size_t first, struct error *err)
{
    struct vectors_passage passages[VECTORS_PASSAGES];
    const size_t n = l->passages.n;
    if (n == 0 || !known_has(&f->known, l->message))
        return ERR_NONE; /* white space, or gone meanwhile */
    if (!vectors_room(f->vectors, f->known.n, n))
        return put_mean(f, l, first, err);
    for (size_t i = 0; i < n; i++)
        passages[i] = (struct vectors_passage){.start = (uint32_t)l->passages.at[i].at,
                                               .size = (uint32_t)l->passages.at[i].size,
                                               .scale = f->scales[first + i],
                                               .vector = f->bytes + (first + i) * coder_width(f->coder)};
    return vectors_put(f->vectors, l->message, l->hash, passages, n, err);
}

static enum error_code put_messages(struct fill *f, struct error *err)
{
    enum error_code code = ERR_NONE;
    for (size_t i = 0, first = 0; i < f->n_loads && code == ERR_NONE; first += f->loads[i++].passages.n)
        code = put_message(f, &f->loads[i], first, err);
    free_loads(f);
    return code;
}

enum error_code fill_step(struct fill *f, struct error *err)
{
    enum error_code code = ERR_NONE;
    if (f->n_loads == 0)
        code = load_messages(f, err);
    if (code == ERR_NONE && f->encoded < f->n)
        code = encode_stretch(f, err);
    if (code == ERR_NONE && f->encoded == f->n)
        code = put_messages(f, err);
    return code;
}
