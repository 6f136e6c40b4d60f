/* palaver perplexity with a model that a server has: windows are sent as ids, several at a time. */
#include <config.h>

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "app/commands/measure.h"
#include "app/options/endpoints.h"
#include "app/terminal/signals.h"
#include "app/text/input.h"
#include "base/buf.h"
#include "base/clock.h"
#include "base/error.h"
#include "remote/remote.h"

enum { NAME_MOST = 300 };

/* All windows of a text. */
struct windows {
    struct measure *m;
    struct endpoint_group *groups; /* (n) of one text each */
    struct endpoint_scored *texts; /* (n) */
    int32_t *ids;                  /* theirs, one after another */
    float *logp;
    bool *greedy;
    size_t n;
    int waited; /* seconds that were told last */
};

static bool on_watch(void *context)
{
    struct windows *w = context;
    progress_show(&w->m->progress, w->m->done, w->m->corpus.ids.n);
    return measure_goes_on(w->m);
}

/* Once for each time that the server asks for it. */
static void on_waits(void *context, int seconds, const char *host)
{
    struct windows *w = context;
    if (seconds > w->waited && !w->m->options->quiet) {
        progress_end(&w->m->progress);
        fprintf(stderr, "palaver: %s asked to wait: %d s\n", host, seconds);
    }
    w->waited = seconds;
}

/* ---- the text --------------------------------------------------------------------------------------------------- */

static enum error_code encode_text(struct corpus *c, struct endpoint_scorer *s, const struct buf *text,
                                   struct error *err)
{
    struct endpoint_text whole = {.text = buf_text(text), .size = text->size};
    struct buf first;
    buf_init(&first, 4096);
    if (endpoint_scorer_encode(s, &whole, 1, err) == ERR_NONE && !ids_append(&c->ids, whole.ids, whole.n))
        error_memory(err);
    if (err->code == ERR_NONE && whole.n > 0 && endpoint_scorer_piece(s, whole.ids[0], &first, err) == ERR_NONE)
        corpus_measure_first(c, &first);
    buf_free(&first);
    free(whole.ids);
    return err->code;
}

static enum error_code read_text(struct measure *m, struct endpoint_scorer *s, struct error *err)
{
    const struct endpoint_scorer_about about = endpoint_scorer_about(s);
    struct buf text;
    buf_init(&text, INPUT_MOST);
    m->bos = about.lead;
    m->window = corpus_window(m->options->context, about.longest);
    if (about.longest > 0 && m->window > about.longest)
        error_set(err, ERR_CONTEXT, "%s: a window of %" PRId32 " tokens is longer than its context allows, %" PRId32,
                  about.host, m->window, about.longest);
    else if (corpus_read_text(&m->corpus, m->options->words[0], &text, err) == ERR_NONE)
        encode_text(&m->corpus, s, &text, err);
    buf_free(&text);
    if (err->code == ERR_NONE && measure_predicted(m) == 0)
        error_set(err, ERR_FORMAT, "the text is too short: it has %zu tokens", m->corpus.ids.n);
    return err->code;
}

/* ---- windows ---------------------------------------------------------------------------------------------------- */

static bool make_room(struct windows *w, const struct measure *m)
{
    const size_t most = m->corpus.ids.n / ((size_t)m->window - 1) + 1, tokens = m->corpus.ids.n + most;
    w->groups = calloc(most, sizeof *w->groups);
    w->texts = calloc(most, sizeof *w->texts);
    w->ids = calloc(tokens, sizeof *w->ids);
    w->logp = calloc(tokens, sizeof *w->logp);
    w->greedy = calloc(tokens, sizeof *w->greedy);
    return w->groups != NULL && w->texts != NULL && w->ids != NULL && w->logp != NULL && w->greedy != NULL;
}

static void free_room(struct windows *w)
{
    free(w->groups);
    free(w->texts);
    free(w->ids);
    free(w->logp);
    free(w->greedy);
}

static void make_windows(struct windows *w, const struct measure *m)
{
    size_t at = 0, n;
    for (size_t from = 0; from < m->corpus.ids.n; from += n, at += n + 1) {
        w->ids[at] = measure_lead(m, &from);
        n = measure_length(m, from);
        if (n == 0)
            break;
        memcpy(w->ids + at + 1, m->corpus.ids.at + from, n * sizeof *w->ids);
        w->texts[w->n] =
            (struct endpoint_scored){.ids = w->ids + at, .n = n + 1, .logp = w->logp + at, .greedy = w->greedy + at};
        w->groups[w->n] = (struct endpoint_group){&w->texts[w->n], 1};
        w->n++;
    }
}

static enum error_code take_window(void *context, size_t i, struct error *err)
{
    struct windows *w = context;
    w->m->done += w->texts[i].n - 1;
    return err->code;
}

/* In their order, so that the sums are the same whichever came first. */
static void add_windows(struct windows *w, struct measure *m)
{
    for (size_t i = 0; i < w->n; i++) {
        const struct endpoint_scored *t = &w->texts[i];
        for (size_t k = 0; k + 1 < t->n; k++)
            t->logp[k] = -t->logp[k];
        measure_add(m, t->logp, t->n - 1);
    }
    m->windows = w->n;
}

static enum error_code measure_with(struct windows *w, struct endpoint_scorer *s, struct error *err)
{
    struct measure *m = w->m;
    if (read_text(m, s, err) != ERR_NONE)
        return err->code;
    if (!make_room(w, m))
        return error_memory(err);
    make_windows(w, m);
    const double started = clock_seconds();
    if (endpoint_scorer_score(s, w->groups, w->n, take_window, w, err) == ERR_NONE)
        add_windows(w, m);
    m->seconds = clock_seconds() - started;
    return err->code;
}

static enum error_code take_name(struct measure *m, const struct endpoint_scorer *s, const char *endpoint,
                                 struct error *err)
{
    struct buf name;
    buf_init(&name, NAME_MOST);
    buf_printf(&name, "%.200s@%s", endpoint_scorer_about(s).model, endpoint);
    m->name = buf_take(&name);
    return m->name != NULL ? ERR_NONE : error_memory(err);
}

enum error_code measure_there(struct measure *m, const char *name, struct error *err)
{
    struct windows w = {.m = m};
    const struct endpoint_watch watch = {on_watch, on_waits, &w};
    const struct perplexity_options *o = &m->options->perplexity;
    struct endpoints all;
    const struct endpoint_place *place;
    char *model;
    if (o->reference != NULL || o->write_reference != NULL)
        return error_set(err, ERR_UNSUPPORTED,
                         "a reference needs all predictions, and servers tell a few of them: name a model file by -m");
    if (endpoints_resolve(m->options, name, &all, &place, &model, err) != ERR_NONE)
        return err->code;
    if (signals_open(false, err) >= 0) {
        m->progress = progress_start(m->options->quiet);
        struct endpoint_scorer *s = endpoint_scorer_open(place, model, &watch, err);
        if (s != NULL && take_name(m, s, place->name, err) == ERR_NONE)
            measure_with(&w, s, err);
        progress_end(&m->progress);
        endpoint_scorer_free(s);
        signals_close();
    }
    free_room(&w);
    free(model);
    endpoints_free(&all);
    return err->code;
}
