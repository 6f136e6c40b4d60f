/* palaver perplexity: how well a model predicts a text.
 *
 * The tokens of the text are read in windows of W tokens. Each begins with BOS or, for models without one, with the
 * last token of the previous window, so that each token is predicted once, except the very first of a model without
 * BOS. */
#include <config.h>

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <jansson.h>

#include "app/chat/models.h"
#include "app/commands/commands.h"
#include "app/options/options.h"
#include "app/terminal/progress.h"
#include "app/terminal/report.h"
#include "app/text/input.h"
#include "app/text/jsonl.h"
#include "base/buf.h"
#include "base/clock.h"
#include "base/error.h"
#include "engine/engine.h"

enum { WINDOW = 512 };

struct measure {
    const struct tokenizer *tokenizer;
    struct session *session;
    struct ids ids; /* of the text */
    size_t bytes;   /* of the predicted text */
    int32_t window;
    size_t windows, predicted;
    double sum, squares; /* of -log p */
    double seconds;
    struct progress progress;
    size_t done; /* tokens of the finished windows */
};

static bool on_batch(void *context, size_t done, size_t total)
{
    struct measure *m = context;
    (void)total;
    progress_show(&m->progress, m->done + done < m->ids.n ? m->done + done : m->ids.n, m->ids.n);
    return true;
}

/* The first token of a window: BOS or the last token of the previous one. *from is the first to predict. */
static int32_t window_lead(const struct measure *m, size_t *from)
{
    int32_t bos = tokenizer_bos(m->tokenizer);
    if (tokenizer_adds_bos(m->tokenizer) && bos >= 0)
        return bos;
    if (*from == 0)
        *from = 1;
    return m->ids.at[*from - 1];
}

static enum error_code measure_windows(struct measure *m, int32_t *window, float *nll, struct error *err)
{
    for (size_t from = 0; from < m->ids.n; m->windows++) {
        window[0] = window_lead(m, &from);
        size_t n = m->ids.n - from < (size_t)m->window - 1 ? m->ids.n - from : (size_t)m->window - 1;
        if (n == 0)
            break;
        memcpy(window + 1, m->ids.at + from, n * sizeof *window);
        enum error_code code = session_score(m->session, window, n + 1, nll, on_batch, m, err);
        if (code != ERR_NONE)
            return code;
        for (size_t i = 0; i < n; i++) {
            m->sum += (double)nll[i];
            m->squares += (double)nll[i] * (double)nll[i];
        }
        m->predicted += n;
        from += n;
        m->done = from;
    }
    if (m->predicted == 0)
        return error_set(err, ERR_FORMAT, "the text is too short: it has %zu tokens", m->ids.n);
    return ERR_NONE;
}

static enum error_code measure_text(struct measure *m, struct error *err)
{
    int32_t *window = calloc((size_t)m->window, sizeof *window);
    float *nll = calloc((size_t)m->window, sizeof *nll);
    double started = clock_seconds();
    enum error_code code = window != NULL && nll != NULL ? measure_windows(m, window, nll, err) : error_memory(err);
    m->seconds = clock_seconds() - started;
    progress_end(&m->progress);
    free(window);
    free(nll);
    return code;
}

/* Reads the ids of the text, and counts its bytes without a first token that is not predicted. */
static enum error_code read_text(struct measure *m, const char *path, struct error *err)
{
    struct buf text, first;
    buf_init(&text, INPUT_MOST);
    buf_init(&first, 4096);
    bool standard_input = strcmp(path, "-") == 0;
    const char *name = standard_input ? "standard input" : path;
    int fd = standard_input ? STDIN_FILENO : input_open(path, true, err);
    enum error_code code = fd >= 0 ? input_read(fd, name, &text, err) : err->code;
    if (fd > STDIN_FILENO)
        close(fd);
    if (code == ERR_NONE)
        code = input_check_utf8(&text, name, err);
    if (code == ERR_NONE)
        code = tokenizer_encode(m->tokenizer, buf_text(&text), text.size, &m->ids, err);
    m->bytes = text.size;
    if (code == ERR_NONE && m->ids.n > 0 && !tokenizer_adds_bos(m->tokenizer) &&
        tokenizer_piece(m->tokenizer, m->ids.at[0], &first))
        m->bytes -= first.size < m->bytes ? first.size : m->bytes;
    buf_free(&text);
    buf_free(&first);
    return code;
}

static void print_measure(const struct measure *m, const struct options *o, const struct model *model)
{
    double n = (double)m->predicted, mean = m->sum / n, bits = mean / log(2);
    double variance = m->squares / n - mean * mean;
    double deviation = n > 1 && variance > 0 ? sqrt(variance / (n - 1)) : 0;
    double per_byte = m->bytes > 0 ? bits * n / (double)m->bytes : 0;
    if (o->json) {
        json_print(stdout, json_pack("{s:s, s:s, s:I, s:I, s:i, s:f, s:f, s:f, s:f, s:f, s:f}", "model",
                                     model_info(model)->path, "file", o->words[0], "tokens", (json_int_t)m->predicted,
                                     "windows", (json_int_t)m->windows, "window", (int)m->window, "nll", mean,
                                     "nll_error", deviation, "perplexity", exp(mean), "bits_per_token", bits,
                                     "bits_per_byte", per_byte, "seconds", m->seconds));
        return;
    }
    printf("tokens          %zu in %zu windows of %" PRId32 "\n", m->predicted, m->windows, m->window);
    printf("perplexity      %.4f ± %.4f\n", exp(mean), exp(mean) * deviation);
    printf("bits per token  %.4f\n", bits);
    printf("bits per byte   %.4f\n", per_byte);
    printf("time            %.1f s, %.0f tokens/s\n", m->seconds, n / m->seconds);
}

static int32_t window_size(const struct options *o, const struct model *model)
{
    int32_t trained = model_info(model)->context;
    return o->context > 0 ? o->context : trained > 0 && trained < WINDOW ? trained : WINDOW;
}

int perplexity_run(const struct options *o)
{
    struct error err = {0};
    struct measure m = {0};
    struct model *model = NULL;
    if (o->n_words != 1)
        error_set(&err, ERR_ARGUMENT, "palaver perplexity needs a FILE (- is standard input)");
    else if (o->context == 1)
        error_set(&err, ERR_ARGUMENT, "--ctx 1 leaves nothing to predict from");
    else
        model = models_open(o, false, &err);
    if (model != NULL) {
        m.tokenizer = model_tokenizer(model);
        m.window = window_size(o, model);
        read_text(&m, o->words[0], &err);
    }
    if (err.code == ERR_NONE)
        m.session = models_session(o, model, m.window, &err);
    m.progress = progress_start(o->quiet);
    if (err.code == ERR_NONE && measure_text(&m, &err) == ERR_NONE)
        print_measure(&m, o, model);
    session_free(m.session);
    ids_free(&m.ids);
    model_free(model);
    return err.code == ERR_NONE ? EXIT_ANSWER : report(&err);
}
