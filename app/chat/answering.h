/* Answering: how far the answer under way is. An answer may take several requests: one that meets the end of the
 * context continues with older messages left out. */
#ifndef PALAVER_APP_CHAT_ANSWERING_H
#define PALAVER_APP_CHAT_ANSWERING_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "app/chat/speaker.h"
#include "engine/engine.h"

struct answering;

/* NULL when out of memory. */
struct answering *answering_new(void);
void answering_free(struct answering *a);

/* ---- before an answer ---- */

/* An answer was asked for, but no model is loaded yet. */
void answering_wait_for_model(struct answering *a, bool waits);
bool answering_waits_for_model(const struct answering *a);
/* Whether the last message is to be taken out again when it can't be answered: it was just sent. */
void answering_retract_on_failure(struct answering *a, bool retract);
bool answering_is_retracted_on_failure(const struct answering *a);
/* The ids that the next answer begins with, copied; NULL: those of its text. False when out of memory. */
bool answering_force(struct answering *a, const struct ids *beginning);
const struct ids *answering_forced(const struct answering *a);

/* ---- an answer ---- */

/* The last message is an answer under way from now on. */
void answering_begin(struct answering *a);
/* It ended, or could not be asked for. */
void answering_end(struct answering *a);
bool answering_is_writing(const struct answering *a);
/* The answer is to end; it does so with its request. */
void answering_stop(struct answering *a);
bool answering_is_stopping(const struct answering *a);
/* Tokens of the answer that earlier requests brought. */
int32_t answering_tokens_before(const struct answering *a);

/* ---- a request ---- */

/* A request runs, with this question, whose prompt the struct owns from now on. */
void answering_begin_request(struct answering *a, uint64_t request, struct speaker_question *q);
void answering_end_request(struct answering *a);
/* The running request; 0: none. */
uint64_t answering_request(const struct answering *a);
/* True until the request's first token. */
bool answering_is_reading(const struct answering *a);
/* An event of the request brought text; is_token: and a token. */
void answering_count_text(struct answering *a, bool is_token);
/* The answer continues in another request: what this one brought counts as earlier tokens. */
void answering_carry_tokens(struct answering *a);
/* The prompt was counted: it has so many tokens, which was an estimate before. */
void answering_count_prompt(struct answering *a, size_t tokens);
/* Tokens of the last request, prompt and answer. */
size_t answering_context_used(const struct answering *a);
/* Whether the prompt's are an estimate. */
bool answering_is_estimated(const struct answering *a);
/* What the model was given last; without ids: nothing yet. Valid until the next request. */
const struct prompt *answering_prompt(const struct answering *a);
/* Nothing was asked yet: of this conversation, or of this model. */
void answering_forget_prompt(struct answering *a);

/* ---- steps ---- */

/* Step mode: each answer waits before each of its tokens. */
void answering_set_stepping(struct answering *a, bool on);
bool answering_is_stepping(const struct answering *a);
/* The request waits, unless it is to stop or steps have ended meanwhile. */
void answering_pause(struct answering *a);
void answering_resume(struct answering *a);
bool answering_is_paused(const struct answering *a);

/* ---- after an answer ---- */

/* Whether the model's logits are still those after the last message. */
void answering_keep_logits(struct answering *a, bool keep);
bool answering_has_logits(const struct answering *a);

#endif
