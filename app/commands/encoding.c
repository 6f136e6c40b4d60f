/* Encoding: opening an encoder, and texts through it in batches. */
#include <config.h>

#include "app/commands/encoding.h"

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "app/chat/models.h"
#include "app/meaning/find.h"
#include "app/terminal/progress.h"

/* The configured model is one for chatting, so the encoder is the one named on the command line, else that of search by
 * meaning. */
static struct model *open_model(const struct options *o, struct error *err)
{
    if (options_source(o, "model") >= SOURCE_VARIABLE)
        return models_open(o, false, err);
    struct error why = {0};
    char *path = meaning_find_encoder(o, &why);
    struct model *model = path != NULL ? model_open(path, NULL, err) : NULL;
    if (path == NULL)
        error_set(err, why.code, "%s; -m MODEL names one", why.message);
    free(path);
    return model;
}

static bool read_longest(struct encoding *e, const char *text, struct error *err)
{
    char *end;
    const long n = strtol(text, &end, 10);
    if (strcmp(text, "model") == 0)
        return true;
    if (end == text || *end != '\0' || n < 2 || n > encoder_context(e->encoder)) {
        error_set(err, ERR_ARGUMENT,
                  "--max-length %.40s: it is 'model' or a number from 2 to %d, the most this model reads", text,
                  (int)encoder_context(e->encoder));
        return false;
    }
    e->longest = (int32_t)n;
    return true;
}

bool encoding_open(struct encoding *e, const struct options *o, const char *longest, struct error *err)
{
    const struct encoder_options options = {.threads = o->threads, .exact = o->exact};
    *e = (struct encoding){.model = open_model(o, err)};
    if (e->model != NULL)
        e->encoder = encoder_open(e->model, &options, err);
    if (e->encoder != NULL && read_longest(e, o->vectors.longest != NULL ? o->vectors.longest : longest, err)) {
        e->pooling = o->vectors.pooling == POOL_MODEL  ? encoder_pooling(e->encoder)
                     : o->vectors.pooling == POOL_MEAN ? POOLING_MEAN
                                                       : POOLING_CLS;
        return true;
    }
    encoding_close(e);
    return false;
}

void encoding_close(struct encoding *e)
{
    encoder_free(e->encoder);
    model_free(e->model);
    *e = (struct encoding){0};
}

bool encoding_add(struct encoding *e, const char *text, size_t size, struct ids *out, struct error *err)
{
    bool cut = false;
    if (encoder_tokens(e->encoder, text, size, e->longest, out, &cut, err) != ERR_NONE)
        return false;
    e->cut += cut;
    return true;
}

static bool show_progress(void *context, size_t done, size_t total)
{
    progress_show(context, done, total);
    return true;
}

float *encoding_vectors(struct encoding *e, const struct ids *texts, size_t n, bool quiet, struct error *err)
{
    const size_t width = (size_t)encoder_width(e->encoder);
    float *vectors = n <= SIZE_MAX / sizeof(float) / width ? malloc((n > 0 ? n : 1) * width * sizeof *vectors) : NULL;
    if (vectors == NULL) {
        error_memory(err);
        return NULL;
    }
    struct progress p = progress_start(quiet);
    const enum error_code code = encoder_encode(e->encoder, texts, n, e->pooling, vectors, show_progress, &p, err);
    progress_end(&p);
    if (code == ERR_NONE)
        return vectors;
    free(vectors);
    return NULL;
}

void encoding_tell_cut(const struct encoding *e, bool quiet)
{
    if (e->cut > 0 && !quiet)
        fprintf(stderr, "palaver: %zu text%s longer than %d tokens and cut there; --max-length model reads %d\n",
                e->cut, e->cut == 1 ? " was" : "s were",
                (int)(e->longest > 0 ? e->longest : encoder_context(e->encoder)), (int)encoder_context(e->encoder));
}
