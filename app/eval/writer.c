/* Answers side by side: a few generations, each of which takes the next question when it has ended one. */
#include <config.h>

#include "app/eval/writer.h"

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "app/eval/ask.h"
#include "app/eval/task.h"
#include "base/buf.h"
#include "base/error.h"
#include "engine/engine.h"

enum { SLOTS = 8, ANSWER_MOST = 1 << 20 };

struct eval_writer {
    int32_t context; /* of the runner, tokens */
    struct generation *slots[SLOTS];
};

void eval_writer_free(struct eval_writer *w)
{
    for (size_t i = 0; w != NULL && i < SLOTS; i++)
        generation_free(w->slots[i]);
    free(w);
}

struct eval_writer *eval_writer_new(struct runner *r, struct error *err)
{
    struct eval_writer *w = calloc(1, sizeof *w);
    if (w == NULL) {
        error_memory(err);
        return NULL;
    }
    w->context = runner_context(r);
    for (size_t i = 0; i < SLOTS && err->code == ERR_NONE; i++)
        w->slots[i] = generation_new(r, 0, err);
    if (err->code == ERR_NONE)
        return w;
    eval_writer_free(w);
    return NULL;
}

void eval_written_free(struct eval_written *w)
{
    ids_free(&w->prompt);
    buf_free(&w->text);
}

/* ---- one answer ------------------------------------------------------------------------------------------------- */

static struct sampling settings_of(const struct eval_writing *writing)
{
    struct sampling s = sampling_defaults();
    s.temperature = 0;
    s.max_new_tokens = writing->most;
    for (size_t i = 0; writing->until[i] != NULL; i++)
        snprintf(s.stops[s.n_stops++], SAMPLING_STOP_BYTES, "%s", writing->until[i]);
    return s;
}

enum error_code eval_write_prepare(const struct eval_writer *w, const struct tokenizer *t,
                                   const struct eval_question *q, struct eval_written *out, struct error *err)
{
    buf_init(&out->text, ANSWER_MOST);
    if (eval_encode(t, q->context, strlen(q->context), &out->prompt, err) != ERR_NONE)
        return err->code;
    if (w->context <= q->task->writing->most)
        return error_set(err, ERR_CONTEXT, "%s wants answers of up to %d tokens, and the context has %d", q->task->name,
                         (int)q->task->writing->most, (int)w->context);
    const size_t room = (size_t)(w->context - q->task->writing->most);
    if (out->prompt.n > room) { /* what is too long loses its beginning */
        memmove(out->prompt.at, out->prompt.at + out->prompt.n - room, room * sizeof *out->prompt.at);
        out->prompt.n = room;
    }
    return ERR_NONE;
}

/* ---- all of them ------------------------------------------------------------------------------------------------ */

/* The answers under way. */
struct round {
    struct generation *running[SLOTS]; /* (n) */
    struct eval_written *answers[SLOTS];
    size_t n;
};

/* Gives a question to a generation that is idle, and reads its prompt. */
static enum error_code begin_answer(struct eval_writer *w, struct round *r, const struct eval_question *q,
                                    struct eval_written *answer, struct error *err)
{
    const struct sampling settings = settings_of(q->task->writing);
    struct generation *idle = NULL;
    for (size_t i = 0; i < SLOTS && idle == NULL; i++) {
        idle = w->slots[i];
        for (size_t k = 0; k < r->n; k++)
            idle = r->running[k] == w->slots[i] ? NULL : idle;
    }
    if (generation_begin(idle, answer->prompt.at, answer->prompt.n, &settings, 0, w->slots, SLOTS, err) != ERR_NONE)
        return err->code;
    while (err->code == ERR_NONE && !generation_read(idle, err))
        continue;
    r->running[r->n] = idle;
    r->answers[r->n++] = answer;
    return err->code;
}

/* The next token of each; those that end leave the round. */
static enum error_code step_answers(struct round *r, struct error *err)
{
    struct generated made[SLOTS];
    size_t kept = 0;
    generations_step(r->running, r->n, made);
    for (size_t i = 0; i < r->n; i++) {
        const struct generated *g = &made[i];
        struct eval_written *answer = r->answers[i];
        buf_append(&answer->text, g->text, g->text_size);
        answer->finish = g->finish;
        if (g->ended && g->error.code != ERR_NONE)
            error_set(err, g->error.code, "%s", g->error.message);
        else if (buf_failed(&answer->text))
            error_memory(err);
        if (!g->ended) {
            r->running[kept] = r->running[i];
            r->answers[kept++] = answer;
        }
    }
    r->n = kept;
    return err->code;
}

enum error_code eval_write(struct eval_writer *w, const struct tokenizer *t, const struct eval_question *questions,
                           size_t n, struct eval_written *out, session_progress *progress, void *context,
                           struct error *err)
{
    struct round r = {.n = 0};
    size_t next = 0;
    memset(out, 0, n * sizeof *out);
    for (size_t i = 0; i < n && err->code == ERR_NONE; i++)
        eval_write_prepare(w, t, &questions[i], &out[i], err);
    while (err->code == ERR_NONE && (next < n || r.n > 0)) {
        if (progress != NULL && !progress(context, next - r.n, n))
            error_set(err, ERR_STOPPED, "stopped");
        else if (next < n && r.n < SLOTS) {
            begin_answer(w, &r, &questions[next], &out[next], err);
            next++;
        } else {
            step_answers(&r, err);
        }
    }
    for (size_t i = 0; i < n && err->code != ERR_NONE; i++)
        eval_written_free(&out[i]);
    return err->code;
}
