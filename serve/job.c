/* Jobs: their memory. */
#include <config.h>

#include "serve/job.h"

#include <math.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "engine/engine.h"
#include "serve/exchange.h"
#include "serve/request.h"

static atomic_uint_fast64_t jobs_made;

struct job *job_new(struct exchange *e, struct request *request)
{
    struct job *j = calloc(1, sizeof *j);
    if (j != NULL)
        j->parts = calloc(request->n_prompts, sizeof *j->parts);
    if (j == NULL || j->parts == NULL) {
        free(j);
        request_free(request);
        return NULL;
    }
    exchange_hold(e);
    j->exchange = e;
    j->request = *request;
    j->left = request->n_prompts;
    j->created = time(NULL);
    snprintf(j->id, sizeof j->id, "%s-%llx-%llu", request->chat ? "chatcmpl" : "cmpl", (unsigned long long)j->created,
             (unsigned long long)atomic_fetch_add(&jobs_made, 1));
    *request = (struct request){0};
    for (size_t i = 0; i < j->request.n_prompts; i++) {
        j->parts[i].state = j->request.echo && j->request.logprobs ? PART_SCORE : PART_WAITS;
        j->parts[i].tokens.top = j->request.top;
        buf_init(&j->parts[i].text, ANSWER_MOST);
    }
    return j;
}

void job_free(struct job *j)
{
    if (j == NULL)
        return;
    for (size_t i = 0; i < j->request.n_prompts; i++) {
        struct part *p = &j->parts[i];
        free(p->tokens.ids);
        free(p->tokens.logp);
        free(p->tokens.likely);
        buf_free(&p->text);
    }
    free(j->parts);
    request_free(&j->request);
    exchange_release(j->exchange);
    free(j);
}

static bool tokens_grow(struct tokens *t)
{
    const size_t room = t->room > 0 ? 2 * t->room : 64, top = (size_t)t->top;
    int32_t *ids = realloc(t->ids, room * sizeof *ids);
    t->ids = ids != NULL ? ids : t->ids;
    float *logp = realloc(t->logp, room * sizeof *logp);
    t->logp = logp != NULL ? logp : t->logp;
    struct likely *likely = realloc(t->likely, (room * top + 1) * sizeof *likely);
    t->likely = likely != NULL ? likely : t->likely;
    if (ids == NULL || logp == NULL || likely == NULL)
        return false;
    t->room = room;
    return true;
}

bool tokens_add(struct tokens *t, int32_t id, float logp, const struct likely *likely, int32_t n_likely)
{
    if (t->n == t->room && !tokens_grow(t))
        return false;
    t->ids[t->n] = id;
    t->logp[t->n] = logp;
    for (int32_t i = 0; i < t->top; i++)
        t->likely[t->n * (size_t)t->top + (size_t)i] = likely != NULL && i < n_likely ? likely[i]
                                                                                      : (struct likely){-1, -INFINITY};
    t->n++;
    return true;
}
