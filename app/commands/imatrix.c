/* palaver imatrix: which columns of a model's matrices matter, measured on a text, for palaver quantize --imatrix.
 *
 * The text is read in chunks that know nothing of each other. Ctrl-C ends the reading early and writes what the whole
 * chunks told, since every chunk makes the figures better and none is needed: hours of work are not lost. */
#include <config.h>

#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "app/chat/models.h"
#include "app/commands/commands.h"
#include "app/commands/corpus.h"
#include "app/options/options.h"
#include "app/terminal/progress.h"
#include "app/terminal/report.h"
#include "app/terminal/signals.h"
#include "app/text/safe.h"
#include "base/clock.h"
#include "base/error.h"
#include "engine/engine.h"

struct work {
    const struct options *o;
    struct importance *importance;
    struct corpus corpus;
    int32_t bos;          /* -1: chunks do not begin with it */
    int32_t window;       /* tokens of a chunk */
    size_t taken, chunks; /* tokens of the text in a chunk; chunks in the text */
    size_t done;          /* tokens of the finished chunks */
    struct progress progress;
    int signal; /* that asked to end; 0: none */
};

/* The text's name without folders, which are nobody's business where the file goes. */
static const char *dataset_name(const struct work *w)
{
    const char *path = w->o->words[0], *slash = strrchr(path, '/');
    return strcmp(path, "-") == 0 ? "standard input" : slash != NULL ? slash + 1 : path;
}

static bool on_progress(void *context, size_t done, size_t total)
{
    struct work *w = context;
    (void)total;
    const struct signals came = signals_take();
    if (came.end != 0 || came.interrupt)
        w->signal = came.end != 0 ? came.end : SIGINT;
    progress_show(&w->progress, w->done + done, w->chunks * (size_t)w->window);
    return w->signal == 0;
}

static enum error_code read_chunks(struct work *w, struct error *err)
{
    int32_t *chunk = calloc((size_t)w->window, sizeof *chunk);
    enum error_code code = chunk != NULL ? ERR_NONE : error_memory(err);
    for (size_t i = 0; i < w->chunks && code == ERR_NONE; i++) {
        chunk[0] = w->bos;
        memcpy(chunk + (w->bos >= 0), w->corpus.ids.at + i * w->taken, w->taken * sizeof *chunk);
        code = importance_add(w->importance, chunk, (size_t)w->window, on_progress, w, err);
        w->done += (size_t)w->window;
    }
    free(chunk);
    return code;
}

static enum error_code cut_text(struct work *w, const struct model *model, struct error *err)
{
    if (corpus_read(&w->corpus, w->o->words[0], model_tokenizer(model), err) != ERR_NONE)
        return err->code;
    w->bos = corpus_bos(model_tokenizer(model));
    w->window = corpus_window(w->o->context, model_info(model)->context);
    w->taken = (size_t)w->window - (w->bos >= 0);
    if (w->taken == 0)
        return error_set(err, ERR_ARGUMENT, "--ctx 1 leaves no token of the text beside BOS");
    w->chunks = w->corpus.ids.n / w->taken;
    if (w->chunks > 0)
        return ERR_NONE;
    return error_set(err, ERR_FORMAT,
                     "the text has %zu tokens, and a chunk takes %zu; give a longer text, some 100 times a chunk, or "
                     "smaller chunks by -c",
                     w->corpus.ids.n, w->taken);
}

static void print_result(const struct work *w, double seconds)
{
    const size_t left = w->corpus.ids.n - w->chunks * w->taken;
    safe_printf(stdout, "%s: importance by %zu chunks of %" PRId32 " tokens, in %.0f min %02.0f s",
                w->o->convert.output, importance_chunks(w->importance), w->window, (double)((long)seconds / 60),
                (double)((long)seconds % 60));
    if (left > 0)
        safe_printf(stdout, "; %zu tokens at the end fill no chunk", left);
    safe_printf(stdout, "\n");
}

/* What whole chunks told is written also when a signal came. */
static enum error_code write_result(const struct work *w, struct error *err)
{
    const size_t n = importance_chunks(w->importance);
    if (n == 0)
        return ERR_NONE;
    enum error_code code =
        importance_write(w->importance, w->o->convert.output, dataset_name(w), w->o->convert.force, err);
    if (code == ERR_NONE && w->signal != 0)
        safe_printf(stderr, "palaver: stopped after %zu of %zu chunks, which %s tells of\n", n, w->chunks,
                    w->o->convert.output);
    return code;
}

static enum error_code measure(struct work *w, const struct model *model, struct error *err)
{
    const struct session_options options = {.context = w->window, .threads = w->o->threads, .exact = w->o->exact};
    w->importance = importance_open(model, &options, err);
    if (w->importance == NULL ||
        importance_try(w->importance, w->o->convert.output, w->o->convert.force, err) != ERR_NONE)
        return err->code;
    if (signals_open(false, err) < 0)
        return err->code;
    const double started = clock_seconds();
    struct error why = {0};
    w->progress = progress_start(w->o->quiet);
    enum error_code code = read_chunks(w, &why);
    progress_end(&w->progress);
    signals_close();
    if (code != ERR_NONE && code != ERR_STOPPED)
        return error_set(err, code, "%s", why.message);
    code = write_result(w, err);
    if (code == ERR_NONE && w->signal == 0 && !w->o->quiet)
        print_result(w, clock_seconds() - started);
    return code;
}

int imatrix_run(const struct options *o)
{
    struct error err = {0};
    struct work w = {.o = o};
    struct model *model = NULL;
    if (o->n_words != 1 || o->convert.output == NULL)
        error_set(&err, ERR_ARGUMENT, "palaver imatrix needs a TEXT (- is standard input) and -o OUT.gguf");
    else
        model = models_open(o, false, &err);
    if (model != NULL && cut_text(&w, model, &err) == ERR_NONE)
        measure(&w, model, &err);
    importance_free(w.importance);
    corpus_free(&w.corpus);
    model_free(model);
    if (err.code != ERR_NONE)
        return report(&err);
    if (w.signal != 0 && w.signal != SIGINT)
        signals_die(w.signal);
    return w.signal == SIGINT ? EXIT_INTERRUPTED : EXIT_ANSWER;
}
