/* Starting and ending. */
#include <config.h>

#include "serve/serve.h"

#include <inttypes.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "base/error.h"
#include "serve/embed.h"
#include "serve/http.h"
#include "serve/internal.h"
#include "serve/work.h"

struct serve *serve_start(const struct model *model, const struct chat_template *t, const struct serve_options *options,
                          struct error *err)
{
    if (options->parallel < 1 || options->parallel > SERVE_PARALLEL) {
        error_set(err, ERR_ARGUMENT, "%d answers side by side are out of range; choose 1 to %d", (int)options->parallel,
                  SERVE_PARALLEL);
        return NULL;
    }
    struct serve *s = calloc(1, sizeof *s);
    if (s == NULL) {
        error_memory(err);
        return NULL;
    }
    *s = (struct serve){.options = *options,
                        .model = model,
                        .tokenizer = model_tokenizer(model),
                        .template = t,
                        .started = time(NULL),
                        .listener = -1};
    snprintf(s->fingerprint, sizeof s->fingerprint, "fp_%016" PRIx64, model_info(model)->fingerprint);
    pthread_mutex_init(&s->noting, NULL);
    if (model_info(model)->encoder)
        s->embedder = embedder_open(s, err);
    else
        s->work = work_start(s, err);
    if ((s->work != NULL || s->embedder != NULL) && http_start(s, err))
        return s;
    serve_stop(s);
    return NULL;
}

uint16_t serve_port(const struct serve *s)
{
    return s->port;
}

struct serve_activity serve_look(const struct serve *s)
{
    return s->work != NULL ? work_look(s->work) : (struct serve_activity){0};
}

/* The engine's thread ends first, and with it every answer; then no connection sleeps, and all can be closed. Until they
 * are, one of them may still bring a request, which is refused. */
void serve_stop(struct serve *s)
{
    if (s == NULL)
        return;
    http_refuse_new(s);
    work_stop(s->work);
    http_stop(s);
    work_free(s->work);
    embedder_free(s->embedder);
    pthread_mutex_destroy(&s->noting);
    free(s);
}
