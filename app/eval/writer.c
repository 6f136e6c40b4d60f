/* Answers side by side: a few generations, each of which takes the next question when it has ended one. */
#include <config.h>

#include "app/eval/writer.h"

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "app/eval/task.h"
#include "base/buf.h"
#include "base/error.h"
#include "engine/engine.h"

enum { SLOTS = 8, ANSWER_MOST = 1 << 20 };

struct eval_writer {
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

/* What is too long loses its beginning. */
static enum error_code take_prompt(const struct coder *coder, const struct eval_question *q, struct coded_text *text,
                                   struct eval_written *out, struct error *err)
{
    buf_init(&out->text, ANSWER_MOST);
    out->prompt = text->ids;
    text->ids = (struct ids){0};
    if (coder->room <= q->task->writing->most)
        return error_set(err, ERR_CONTEXT, "%s wants answers of up to %d tokens, and the context has %d", q->task->name,
                         (int)q->task->writing->most, (int)coder->room);
    const size_t room = (size_t)(coder->room - q->task->writing->most);
    if (out->prompt.n > room) {
        memmove(out->prompt.at, out->prompt.at + out->prompt.n - room, room * sizeof *out->prompt.at);
        out->prompt.n = room;
    }
    return ERR_NONE;
}

enum error_code eval_write_prepare(const struct coder *coder, const struct eval_question *questions, size_t n,
                                   struct eval_written *out, struct error *err)
{
    struct coded_text *texts = calloc(n + 1, sizeof *texts);
    memset(out, 0, n * sizeof *out);
    if (texts == NULL)
        return error_memory(err);
    for (size_t i = 0; i < n; i++)
        texts[i] =
            (struct coded_text){.text = questions[i].context, .size = strlen(questions[i].context), .lead = true};
    coder->encode(coder->context, texts, n, err);
    for (size_t i = 0; i < n; i++) {
        if (err->code == ERR_NONE)
            take_prompt(coder, &questions[i], &texts[i], &out[i], err);
        ids_free(&texts[i].ids);
    }
    free(texts);
    return err->code;
}

/* ---- all of them ------------------------------------------------------------------------------------------------ */

/* An answer under way. */
struct under_way {
    struct generation *generation;
    size_t question;
    struct eval_written written;
};

/* All of them. */
struct round {
    struct under_way at[SLOTS]; /* (n) */
    size_t n;
    bool reads; /* the prompt of the last one is being read */
    eval_written_take *take;
    void *context;
};

static struct generation *find_idle(const struct eval_writer *w, const struct round *r)
{
    for (size_t i = 0; i < SLOTS; i++) {
        bool idle = true;
        for (size_t k = 0; k < r->n; k++)
            idle = idle && r->at[k].generation != w->slots[i];
        if (idle)
            return w->slots[i];
    }
    return NULL;
}

/* Gives a question to a generation that is idle. */
static enum error_code begin_answer(struct eval_writer *w, const struct coder *coder, struct round *r,
                                    const struct eval_question *q, size_t number, struct error *err)
{
    const struct sampling settings = settings_of(q->task->writing);
    struct under_way *u = &r->at[r->n];
    *u = (struct under_way){.generation = find_idle(w, r), .question = number};
    r->n++;
    r->reads = true;
    if (eval_write_prepare(coder, q, 1, &u->written, err) == ERR_NONE)
        generation_begin(u->generation, u->written.prompt.at, u->written.prompt.n, &settings, 0, w->slots, SLOTS, err);
    return err->code;
}

/* What a step made of an answer. True when it goes on. */
static bool take_step(struct round *r, struct under_way *u, const struct generated *g, struct error *err)
{
    struct buf *text = &u->written.text;
    buf_append(text, g->text, g->text_size);
    u->written.finish = g->finish;
    if (buf_failed(text))
        error_memory(err);
    if (!g->ended)
        return true;
    if (g->error.code != ERR_NONE)
        error_set(err, g->error.code, "%s", g->error.message);
    else if (err->code == ERR_NONE)
        r->take(r->context, u->question, &u->written);
    eval_written_free(&u->written);
    return false;
}

/* The next token of each; those that end leave the round. */
static enum error_code step_answers(struct round *r, struct error *err)
{
    struct generation *running[SLOTS];
    struct generated made[SLOTS];
    size_t kept = 0;
    for (size_t i = 0; i < r->n; i++)
        running[i] = r->at[i].generation;
    generations_step(running, r->n, made);
    for (size_t i = 0; i < r->n; i++)
        if (take_step(r, &r->at[i], &made[i], err))
            r->at[kept++] = r->at[i];
    r->n = kept;
    return err->code;
}

enum error_code eval_write(struct eval_writer *w, const struct coder *coder, const struct eval_question *questions,
                           size_t n, eval_written_take *take, session_progress *progress, void *context,
                           struct error *err)
{
    struct round r = {.take = take, .context = context};
    size_t next = 0;
    while (err->code == ERR_NONE && (next < n || r.n > 0)) {
        if (progress != NULL && !progress(context, next, n)) {
            error_set(err, ERR_STOPPED, "stopped");
        } else if (r.reads) {
            r.reads = !generation_read(r.at[r.n - 1].generation, err);
        } else if (next < n && r.n < SLOTS) {
            begin_answer(w, coder, &r, &questions[next], next, err);
            next++;
        } else {
            step_answers(&r, err);
        }
    }
    for (size_t i = 0; i < r.n; i++)
        eval_written_free(&r.at[i].written);
    return err->code;
}
