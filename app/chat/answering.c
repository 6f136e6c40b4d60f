/* Answering: the state alone; answer.c acts on it. */
#include <config.h>

#include "app/chat/answering.h"

#include <stdlib.h>

#include "engine/engine.h"

struct answering {
    bool waits_for_model, retract_on_failure;
    struct ids forced;
    bool writing, reading, stopping;
    uint64_t request;      /* 0: none */
    int32_t tokens_before; /* of the answer, in earlier requests */
    int32_t tokens_now;    /* in this one */
    struct prompt prompt;
    size_t prompt_tokens;
    bool estimated;
    bool stepping, paused;
    bool has_logits;
};

struct answering *answering_new(void)
{
    return calloc(1, sizeof(struct answering));
}

void answering_free(struct answering *a)
{
    if (a == NULL)
        return;
    prompt_free(&a->prompt);
    ids_free(&a->forced);
    free(a);
}

/* ---- before an answer ------------------------------------------------------------------------------------------- */

void answering_wait_for_model(struct answering *a, bool waits)
{
    a->waits_for_model = waits;
}

bool answering_waits_for_model(const struct answering *a)
{
    return a->waits_for_model;
}

void answering_retract_on_failure(struct answering *a, bool retract)
{
    a->retract_on_failure = retract;
}

bool answering_is_retracted_on_failure(const struct answering *a)
{
    return a->retract_on_failure;
}

bool answering_force(struct answering *a, const struct ids *beginning)
{
    a->forced.n = 0;
    return beginning == NULL || ids_append(&a->forced, beginning->at, beginning->n);
}

const struct ids *answering_forced(const struct answering *a)
{
    return &a->forced;
}

/* ---- an answer -------------------------------------------------------------------------------------------------- */

void answering_begin(struct answering *a)
{
    a->tokens_before = 0;
    a->stopping = false;
    a->writing = true;
}

void answering_end(struct answering *a)
{
    a->writing = a->reading = a->stopping = a->paused = false;
}

bool answering_is_writing(const struct answering *a)
{
    return a->writing;
}

void answering_stop(struct answering *a)
{
    a->stopping = true;
}

bool answering_is_stopping(const struct answering *a)
{
    return a->stopping;
}

int32_t answering_tokens_before(const struct answering *a)
{
    return a->tokens_before;
}

/* ---- a request -------------------------------------------------------------------------------------------------- */

void answering_begin_request(struct answering *a, uint64_t request, struct speaker_question *q)
{
    prompt_free(&a->prompt);
    a->prompt = q->prompt;
    a->prompt_tokens = q->tokens;
    a->estimated = q->messages != NULL;
    q->prompt = (struct prompt){0};
    speaker_question_free(q);
    a->request = request;
    a->tokens_now = 0;
    a->reading = true;
    a->has_logits = a->paused = false;
}

void answering_end_request(struct answering *a)
{
    a->request = 0;
}

uint64_t answering_request(const struct answering *a)
{
    return a->request;
}

bool answering_is_reading(const struct answering *a)
{
    return a->reading;
}

void answering_count_text(struct answering *a, bool is_token)
{
    a->reading = a->paused = false;
    a->tokens_now += is_token;
}

void answering_carry_tokens(struct answering *a)
{
    a->tokens_before += a->tokens_now;
}

void answering_count_prompt(struct answering *a, size_t tokens)
{
    a->prompt_tokens = tokens;
    a->estimated = false;
}

size_t answering_context_used(const struct answering *a)
{
    return a->prompt_tokens + (size_t)a->tokens_now;
}

bool answering_is_estimated(const struct answering *a)
{
    return a->estimated;
}

const struct prompt *answering_prompt(const struct answering *a)
{
    return &a->prompt;
}

void answering_forget_prompt(struct answering *a)
{
    prompt_free(&a->prompt);
    a->prompt = (struct prompt){0};
    a->prompt_tokens = 0;
    a->tokens_now = 0;
    a->estimated = false;
}

/* ---- steps ------------------------------------------------------------------------------------------------------ */

void answering_set_stepping(struct answering *a, bool on)
{
    a->stepping = on;
}

bool answering_is_stepping(const struct answering *a)
{
    return a->stepping;
}

void answering_pause(struct answering *a)
{
    a->paused = a->stepping && !a->stopping;
    a->reading = false;
}

void answering_resume(struct answering *a)
{
    a->paused = false;
}

bool answering_is_paused(const struct answering *a)
{
    return a->paused;
}

/* ---- after an answer -------------------------------------------------------------------------------------------- */

void answering_keep_logits(struct answering *a, bool keep)
{
    a->has_logits = keep;
}

bool answering_has_logits(const struct answering *a)
{
    return a->has_logits;
}
