/* palaver convert, palaver quantize: a model as a GGUF file of this or that type.
 *
 * A signal ends the work between two stretches of it, so that what was written so far is removed. */
#include <config.h>

#include <errno.h>
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "app/chat/models.h"
#include "app/commands/commands.h"
#include "app/options/options.h"
#include "app/terminal/progress.h"
#include "app/terminal/report.h"
#include "app/terminal/signals.h"
#include "app/text/safe.h"
#include "base/clock.h"
#include "base/error.h"
#include "engine/engine.h"

/* What is to be done, by whichever command. */
struct work {
    const struct options *o;
    const char *from, *to, *type; /* type NULL: as it is */
    struct progress progress;
    int signal; /* that asked to end; 0: none */
};

/* ---- options ---------------------------------------------------------------------------------------------------- */

/* "500M" or "4G", decimal as llama.cpp's gguf-split has them. */
static enum error_code read_size(const char *text, uint64_t *out, struct error *err)
{
    char *end;
    errno = 0;
    const unsigned long long number = strtoull(text, &end, 10);
    const uint64_t unit = *end == 'M' ? 1000000 : *end == 'G' ? 1000000000 : 0;
    if (text[0] < '0' || text[0] > '9' || errno != 0 || unit == 0 || end[1] != '\0' || number == 0 ||
        number > 1000000000)
        return error_set(err, ERR_ARGUMENT, "split-max-size takes a number with M or G, such as 4G, not '%.40s'", text);
    *out = (uint64_t)number * unit;
    return ERR_NONE;
}

static enum error_code read_options(const struct work *w, struct conversion_options *out, struct error *err)
{
    const struct convert_options *c = &w->o->convert;
    *out = (struct conversion_options){
        .type = w->type,
        .output_type = c->output_type,
        .embedding_type = c->embedding_type,
        .tensor_types = c->tensor_types,
        .imatrix = c->imatrix,
        .pure = c->pure,
        .requantize = c->requantize,
    };
    return c->split != NULL ? read_size(c->split, &out->part_bytes, err) : ERR_NONE;
}

/* ---- printing --------------------------------------------------------------------------------------------------- */

/* Bits for each weight in all. */
static double bits_per_weight(const struct conversion *c)
{
    struct conversion_row row;
    double bits = 0, weights = 0;
    for (size_t i = 0; conversion_row(c, i, &row); i++) {
        bits += 8 * (double)row.bytes;
        weights += (double)row.rows * (double)row.cols;
    }
    return bits / weights;
}

static void print_rows(const struct conversion *c)
{
    struct conversion_row row;
    for (size_t i = 0; conversion_row(c, i, &row); i++)
        safe_printf(stdout, "%-28s %6" PRIu64 " x %-6" PRIu64 " %-6s -> %-6s %10.2f MB%s\n", row.name, row.cols,
                    row.rows, row.from, row.to, (double)row.bytes / 1e6, row.weighted ? "  weighted" : "");
}

/* "4.08 GB", "17.5 MB" */
static const char *size_text(uint64_t bytes, char out[32])
{
    const bool small = bytes < 1000000000;
    snprintf(out, 32, "%.*f %s", small ? 1 : 2, (double)bytes / (small ? 1e6 : 1e9), small ? "MB" : "GB");
    return out;
}

static void print_result(const struct conversion *c, const char *verb, double seconds)
{
    const char *path = conversion_path(c, 0), *next;
    char size[32];
    size_t n = 1;
    while ((next = conversion_path(c, n)) != NULL)
        n++;
    safe_printf(stdout, "%s", path);
    if (n > 1)
        safe_printf(stdout, " and %zu more", n - 1);
    safe_printf(stdout, ": %s%s, %.2f bits per weight", size_text(conversion_bytes(c), size), verb, bits_per_weight(c));
    if (seconds > 0)
        safe_printf(stdout, ", in %.0f min %02.0f s", (double)((long)seconds / 60), (double)((long)seconds % 60));
    safe_printf(stdout, "\n");
}

/* ---- work ------------------------------------------------------------------------------------------------------- */

static bool on_progress(void *context, uint64_t done, uint64_t total)
{
    struct work *w = context;
    const struct signals taken = signals_take();
    progress_show(&w->progress, (size_t)done, (size_t)total);
    if (taken.end != 0 || taken.interrupt)
        w->signal = taken.end != 0 ? taken.end : SIGINT;
    return w->signal == 0;
}

/* A file that grows beyond the limit of this process is an error like a full disk, not a signal that kills. */
static enum error_code write_files(struct work *w, struct conversion *c, struct error *err)
{
    if (signals_open(false, err) < 0)
        return err->code;
    signal(SIGXFSZ, SIG_IGN);
    w->progress = progress_start(w->o->quiet);
    const enum error_code code = conversion_write(c, w->o->convert.force, w->o->threads, on_progress, w, err);
    progress_end(&w->progress);
    signals_close();
    return code;
}

static enum error_code convert(struct work *w, const struct model *model, struct error *err)
{
    struct conversion_options options;
    if (read_options(w, &options, err) != ERR_NONE)
        return err->code;
    const double started = clock_seconds();
    struct conversion *c = conversion_new(model, &options, w->to, err);
    if (c != NULL && w->o->convert.dry_run) {
        print_rows(c);
        print_result(c, " would be written", 0);
    } else if (c != NULL && write_files(w, c, err) == ERR_NONE && !w->o->quiet) {
        print_result(c, "", clock_seconds() - started);
    }
    conversion_free(c);
    return err->code;
}

static int run(struct work *w, struct error *err)
{
    char *path = err->code == ERR_NONE ? models_find_name(w->o, w->from, err) : NULL;
    struct model *model = path != NULL ? model_open(path, NULL, err) : NULL;
    if (model != NULL)
        convert(w, model, err);
    model_free(model);
    free(path);
    if (w->signal != 0 && w->signal != SIGINT)
        signals_die(w->signal);
    if (w->signal == SIGINT)
        return EXIT_INTERRUPTED;
    return err->code == ERR_NONE ? EXIT_ANSWER : report(err);
}

int convert_run(const struct options *o)
{
    struct error err = {0};
    struct work w = {.o = o, .from = o->words[0], .to = o->convert.output, .type = o->convert.type};
    if (o->n_words != 1 || w.to == NULL)
        error_set(&err, ERR_ARGUMENT, "palaver convert needs a model and -o OUT.gguf");
    return run(&w, &err);
}

int quantize_run(const struct options *o)
{
    struct error err = {0};
    struct work w = {.o = o};
    if (o->n_words == 3) {
        w.from = o->words[0];
        w.to = o->words[1];
        w.type = o->words[2];
    } else {
        error_set(&err, ERR_ARGUMENT,
                  "palaver quantize needs a model, OUT.gguf and a type; see palaver quantize --help");
    }
    return run(&w, &err);
}
