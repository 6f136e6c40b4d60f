/* Meaning: both threads together, and what is told of them. */
#include <config.h>

#include "app/meaning/meaning.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "app/chat/models.h"
#include "app/library/conversations.h"
#include "app/meaning/filler.h"
#include "app/meaning/find.h"
#include "app/meaning/seeker.h"
#include "app/meaning/shared.h"
#include "app/meaning/vectors.h"
#include "app/text/bytes.h"
#include "base/count.h"
#include "engine/engine.h"

enum { QUERY_LEAST = 3 /* bytes: one Chinese character, three letters */ };

struct meaning {
    bool off;
    struct shared shared;
    struct filler *filler; /* NULL: nothing is encoded */
    struct seeker *seeker; /* NULL until something is asked */
};

struct meaning *meaning_open(const struct options *o, struct error *err)
{
    struct meaning *m = calloc(1, sizeof *m);
    if (m == NULL) {
        error_memory(err);
        return NULL;
    }
    m->off = meaning_is_off(o);
    if (!m->off && !shared_open(&m->shared, o, err)) {
        free(m);
        return NULL;
    }
    if (!m->off && !o->no_save)
        m->filler = filler_start(&m->shared, err);
    if (m->off || o->no_save || m->filler != NULL)
        return m;
    meaning_free(m);
    return NULL;
}

void meaning_free(struct meaning *m)
{
    if (m == NULL)
        return;
    filler_free(m->filler);
    seeker_free(m->seeker);
    if (!m->off)
        shared_close(&m->shared);
    free(m);
}

void meaning_pace(struct meaning *m, bool busy)
{
    if (m != NULL && m->filler != NULL)
        filler_pace(m->filler, busy);
}

void meaning_rest(struct meaning *m)
{
    if (m != NULL && m->filler != NULL)
        filler_rest(m->filler);
}

/* ---- asking ----------------------------------------------------------------------------------------------------- */

bool meaning_is_asked(const char *query)
{
    return strchr(query, '"') == NULL && strlen(query + strspn(query, " \t")) >= QUERY_LEAST;
}

unsigned meaning_ask(struct meaning *m, const char *query)
{
    struct error err = {0}; /* without a thread words are found all the same */
    if (m == NULL || m->off)
        return 0;
    if (m->seeker == NULL)
        m->seeker = seeker_start(&m->shared, &err);
    return m->seeker != NULL ? seeker_ask(m->seeker, query) : 0;
}

int meaning_fd(const struct meaning *m)
{
    return m != NULL && m->seeker != NULL ? seeker_fd(m->seeker) : -1;
}

bool meaning_take(struct meaning *m, struct meaning_hits *out, unsigned *number)
{
    return m != NULL && m->seeker != NULL && seeker_take(m->seeker, out, number);
}

bool meaning_wait(struct meaning *m, const char *query, int milliseconds, struct meaning_hits *out)
{
    const unsigned number = meaning_ask(m, query);
    return number != 0 && seeker_wait(m->seeker, number, milliseconds, out);
}

/* ---- what is told ----------------------------------------------------------------------------------------------- */

void meaning_state(struct meaning *m, struct meaning_state *out)
{
    *out = (struct meaning_state){.kind = MEANING_OFF};
    if (m != NULL && m->filler != NULL)
        filler_state(m->filler, out);
}

static bool count_text(void *context, const struct store_text *text)
{
    size_t *n = context;
    (void)text;
    ++*n;
    return true;
}

static enum error_code count_history(const struct options *o, size_t *n, struct error *err)
{
    int64_t last;
    struct store *s = library_open(o, LIBRARY_READ, err);
    enum error_code code = s != NULL ? store_texts(s, 0, 0, SIZE_MAX >> 1, count_text, n, &last, err) : err->code;
    store_close(s);
    return code;
}

static enum error_code read_state(const struct options *o, struct shared *s, struct meaning_state *out,
                                  struct error *err)
{
    const struct model *model = shared_model(s, err);
    if (model == NULL || count_history(o, &out->total, err) != ERR_NONE)
        return err->code;
    models_label(model_info(model)->path, out->encoder, sizeof out->encoder);
    vectors_count(s->file, model_info(model)->fingerprint, &out->done, &out->bytes);
    out->kind = out->done < out->total ? MEANING_FILLING : MEANING_COMPLETE;
    return ERR_NONE;
}

void meaning_state_of(const struct options *o, struct meaning_state *out)
{
    struct error err = {0};
    struct shared s;
    *out = (struct meaning_state){.kind = MEANING_OFF};
    if (meaning_is_off(o) || !shared_open(&s, o, &err))
        return;
    if (read_state(o, &s, out, &err) != ERR_NONE) {
        out->kind = err.code == ERR_NOT_FOUND ? MEANING_NO_MODEL : MEANING_TROUBLE;
        snprintf(out->problem, sizeof out->problem, "%s", err.message);
    }
    shared_close(&s);
}

void meaning_describe(const struct meaning_state *s, char *out, size_t size)
{
    char bytes[32], done[COUNT_TEXT], total[COUNT_TEXT];
    switch (s->kind) {
    case MEANING_OFF: snprintf(out, size, "off"); break;
    case MEANING_STARTING: snprintf(out, size, "not looked yet"); break;
    case MEANING_NO_MODEL:
    case MEANING_TROUBLE: snprintf(out, size, "%s", s->problem); break;
    case MEANING_ELSEWHERE:
        snprintf(out, size, "another palaver encodes the messages; palaver doctor tells how far it is");
        break;
    case MEANING_FILLING:
    case MEANING_COMPLETE:
        snprintf(out, size, "%s of %s messages are encoded by %s (%s)%s", count_write(s->done, done),
                 count_write(s->total, total), s->encoder, bytes_text(s->bytes, bytes),
                 s->kind == MEANING_FILLING ? "; the rest follow while nothing else is done" : "");
        break;
    }
}
