/* palaver perplexity: how well a model predicts a text, and how near its predictions are to another model's.
 *
 * The tokens of the text are read in windows of W tokens. Each begins with BOS or, for models without one, with the
 * last token of the previous window, so that each token is predicted once, except the very first of a model without
 * BOS. With --write-reference all predictions go to a file, with --reference they are compared with those there. */
#include <config.h>

#include <inttypes.h>
#include <math.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <jansson.h>

#include "app/chat/models.h"
#include "app/commands/commands.h"
#include "app/commands/corpus.h"
#include "app/commands/divergence.h"
#include "app/commands/measure.h"
#include "app/commands/reference.h"
#include "app/options/endpoints.h"
#include "app/options/options.h"
#include "app/terminal/progress.h"
#include "app/terminal/report.h"
#include "app/terminal/signals.h"
#include "app/text/jsonl.h"
#include "base/clock.h"
#include "base/error.h"
#include "engine/engine.h"

/* ---- reading ---------------------------------------------------------------------------------------------------- */

static bool on_batch(void *context, size_t done, size_t total)
{
    struct measure *m = context;
    (void)total;
    progress_show(&m->progress, m->done + done < m->corpus.ids.n ? m->done + done : m->corpus.ids.n, m->corpus.ids.n);
    return measure_goes_on(m);
}

static bool on_rows(void *context, const float *logits, size_t first, size_t n)
{
    struct measure *m = context;
    for (size_t i = 0; i < n; i++, logits += m->vocab) {
        struct reference_row row;
        const float nll = m->nll[first + i];
        if (m->written != NULL && reference_write(m->written, logits, nll, &m->trouble) != ERR_NONE)
            return false;
        if (m->compared != NULL && reference_read(m->compared, &row, &m->trouble) != ERR_NONE)
            return false;
        if (m->compared != NULL)
            divergence_add(&m->divergence, &row, logits, m->vocab, nll);
    }
    return true;
}

static enum error_code measure_windows(struct measure *m, int32_t *window, struct error *err)
{
    session_rows *rows = m->written != NULL || m->compared != NULL ? on_rows : NULL;
    const struct ids *ids = &m->corpus.ids;
    for (size_t from = 0; from < ids->n; m->windows++) {
        window[0] = measure_lead(m, &from);
        const size_t n = measure_length(m, from);
        if (n == 0)
            break;
        memcpy(window + 1, ids->at + from, n * sizeof *window);
        enum error_code code = session_score_rows(m->session, window, n + 1, m->nll, rows, on_batch, m, err);
        if (code != ERR_NONE)
            return code;
        measure_add(m, m->nll, n);
        from += n;
        m->done = from;
    }
    return ERR_NONE;
}

static enum error_code measure_text(struct measure *m, struct error *err)
{
    struct error why = {0};
    int32_t *window = calloc((size_t)m->window, sizeof *window);
    m->nll = calloc((size_t)m->window, sizeof *m->nll);
    double started = clock_seconds();
    enum error_code code = window != NULL && m->nll != NULL ? measure_windows(m, window, &why) : error_memory(&why);
    m->seconds = clock_seconds() - started;
    progress_end(&m->progress);
    free(window);
    free(m->nll);
    if (m->trouble.code != ERR_NONE) /* which stopped the window */
        why = m->trouble;
    return code == ERR_NONE ? code : error_set(err, why.code, "%s", why.message);
}

/* ---- references ------------------------------------------------------------------------------------------------- */

static enum error_code open_references(struct measure *m, const struct model *model, struct error *err)
{
    const struct perplexity_options *o = &m->options->perplexity;
    const struct reference_text text = {
        .ids = m->corpus.ids.at,
        .n = m->corpus.ids.n,
        .predicted = measure_predicted(m),
        .window = m->window,
        .tokenizer = model_tokenizer(model),
        .vocab = m->vocab,
    };
    if (o->reference != NULL)
        m->compared = reference_open(o->reference, &text, err);
    if (m->compared != NULL && !divergence_init(&m->divergence, text.predicted))
        return error_memory(err);
    if (err->code == ERR_NONE && o->write_reference != NULL)
        m->written = reference_create(o->write_reference, &text, err);
    if (m->written != NULL && !m->options->quiet)
        fprintf(stderr, "palaver: the reference will take %.1f MB\n", (double)reference_bytes(&text) / 1e6);
    return err->code;
}

/* ---- printing --------------------------------------------------------------------------------------------------- */

/* What is printed of the text itself. */
struct figures {
    struct estimate nll;
    double bits, per_byte, per_character;
};

static struct figures figures_of(const struct measure *m)
{
    const struct corpus *c = &m->corpus;
    const bool all = m->bos >= 0; /* else the first token is not predicted */
    const double bytes = (double)(c->bytes - (all ? 0 : c->first_bytes));
    const double characters = (double)(c->characters - (all ? 0 : c->first_characters));
    const struct estimate nll = estimate_mean(m->sum, m->squares, m->predicted);
    const double bits = nll.value / log(2), sum = bits * (double)m->predicted;
    return (struct figures){nll, bits, bytes > 0 ? sum / bytes : 0, characters > 0 ? sum / characters : 0};
}

static json_t *divergence_json(const struct measure *m, const struct divergence_summary *d)
{
    return json_pack("{s:s, s:f, s:f, s:f, s:f, s:f, s:f, s:f, s:f, s:f}", "reference",
                     m->options->perplexity.reference, "kl_divergence", d->mean.value, "kl_divergence_error",
                     d->mean.error, "median", d->median, "percentile_99", d->percentile_99, "greatest", d->greatest,
                     "same_top", d->same_top.value, "same_top_error", d->same_top.error, "perplexity_ratio",
                     d->perplexity_ratio.value, "perplexity_ratio_error", d->perplexity_ratio.error);
}

static void print_json(const struct measure *m, const struct figures *f, const struct divergence_summary *d)
{
    json_t *object = json_pack("{s:s, s:s, s:I, s:I, s:i, s:f, s:f, s:f, s:f, s:f, s:f, s:f}", "model", m->name, "file",
                               m->options->words[0], "tokens", (json_int_t)m->predicted, "windows",
                               (json_int_t)m->windows, "window", (int)m->window, "nll", f->nll.value, "nll_error",
                               f->nll.error, "perplexity", exp(f->nll.value), "bits_per_token", f->bits,
                               "bits_per_character", f->per_character, "bits_per_byte", f->per_byte, "seconds",
                               m->seconds);
    if (d != NULL)
        json_object_set_new(object, "divergence", divergence_json(m, d));
    json_print(stdout, object);
}

static void print_text(const struct measure *m, const struct figures *f, const struct divergence_summary *d)
{
    const double perplexity = exp(f->nll.value);
    printf("tokens              %zu in %zu windows of %" PRId32 "\n", m->predicted, m->windows, m->window);
    printf("perplexity          %.4f ± %.4f\n", perplexity, perplexity * f->nll.error);
    printf("bits per token      %.4f\n", f->bits);
    printf("bits per character  %.4f\n", f->per_character);
    printf("bits per byte       %.4f\n", f->per_byte);
    if (d != NULL) {
        printf("KL divergence       %.6f ± %.6f nats\n", d->mean.value, d->mean.error);
        printf("  median            %.6f\n", d->median);
        printf("  99th percentile   %.6f\n", d->percentile_99);
        printf("  greatest          %.6f\n", d->greatest);
        printf("same likeliest      %.3f %% ± %.3f %%\n", 100 * d->same_top.value, 100 * d->same_top.error);
        printf("perplexity ratio    %.6f ± %.6f\n", d->perplexity_ratio.value, d->perplexity_ratio.error);
    }
    printf("time                %.1f s, %.0f tokens/s\n", m->seconds, (double)m->predicted / m->seconds);
}

static void print_measure(struct measure *m)
{
    const struct figures f = figures_of(m);
    struct divergence_summary d;
    const bool compared = m->compared != NULL;
    if (compared)
        d = divergence_sum_up(&m->divergence);
    if (m->options->json)
        print_json(m, &f, compared ? &d : NULL);
    else
        print_text(m, &f, compared ? &d : NULL);
}

/* ---- the command ------------------------------------------------------------------------------------------------ */

static enum error_code prepare_measure(struct measure *m, const struct model *model, struct error *err)
{
    const struct options *o = m->options;
    m->name = strdup(model_info(model)->path);
    if (m->name == NULL)
        return error_memory(err);
    m->bos = corpus_bos(model_tokenizer(model));
    m->window = corpus_window(o->context, model_info(model)->context);
    m->vocab = model_info(model)->vocab;
    if (corpus_read(&m->corpus, o->words[0], model_tokenizer(model), err) != ERR_NONE)
        return err->code;
    if (measure_predicted(m) == 0)
        return error_set(err, ERR_FORMAT, "the text is too short: it has %zu tokens", m->corpus.ids.n);
    m->session = models_session(o, model, m->window, err);
    return m->session != NULL ? open_references(m, model, err) : err->code;
}

static enum error_code measure_here(struct measure *m, struct error *err)
{
    struct model *model = models_open(m->options, false, err);
    if (model != NULL && prepare_measure(m, model, err) == ERR_NONE && signals_open(false, err) >= 0) {
        m->progress = progress_start(m->options->quiet);
        measure_text(m, err);
        signals_close();
    }
    if (err->code == ERR_NONE && m->written != NULL)
        reference_keep(m->written, err);
    session_free(m->session);
    model_free(model);
    return err->code;
}

int perplexity_run(const struct options *o)
{
    struct error err = {0};
    struct measure m = {.options = o};
    const char *endpoint;
    const bool there = o->model != NULL && endpoints_is_name(o->model, &endpoint);
    if (o->n_words != 1)
        error_set(&err, ERR_ARGUMENT, "palaver perplexity needs a FILE (- is standard input)");
    else if (o->context == 1)
        error_set(&err, ERR_ARGUMENT, "--ctx 1 leaves nothing to predict from");
    else if ((there ? measure_there(&m, o->model, &err) : measure_here(&m, &err)) == ERR_NONE)
        print_measure(&m);
    reference_free(m.written);
    reference_free(m.compared);
    divergence_free(&m.divergence);
    corpus_free(&m.corpus);
    free(m.name);
    if (m.signal != 0 && m.signal != SIGINT)
        signals_die(m.signal);
    if (m.signal == SIGINT)
        return EXIT_INTERRUPTED;
    return err.code == ERR_NONE ? EXIT_ANSWER : report(&err);
}
