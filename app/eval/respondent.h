/* Respondent: who is asked, a model on this machine or one that a server has. */
#ifndef PALAVER_APP_EVAL_RESPONDENT_H
#define PALAVER_APP_EVAL_RESPONDENT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "app/eval/ask.h"
#include "app/eval/coder.h"
#include "app/eval/question.h"
#include "app/eval/writer.h"
#include "base/buf.h"
#include "base/error.h"
#include "engine/engine.h"
#include "remote/remote.h"

/* Question number i is answered. */
typedef void respondent_take(void *context, size_t i, const struct eval_result *r);

struct respondent;
/* What each kind does; see the functions of the same names below. */
struct respondent_kind {
    void (*free)(struct respondent *r);
    enum error_code (*choose)(struct respondent *r, const struct eval_question *questions, size_t n,
                              respondent_take *take, session_progress *progress, void *context, struct error *err);
    enum error_code (*write)(struct respondent *r, const struct eval_question *questions, size_t n,
                             eval_written_take *take, session_progress *progress, void *context, struct error *err);
    enum error_code (*piece)(struct respondent *r, int32_t id, struct buf *out, struct error *err);
};
struct respondent {
    const struct respondent_kind *kind;
    const char *name; /* what lists call it; its own */
    struct coder coder;
    uint64_t fingerprint; /* answers of the same one go together */
    int32_t context;      /* tokens */
    bool one_by_one;      /* choices come as they are through; else all of a call at its end */
};

/* The model must outlive it. NULL on failure, as below. */
struct respondent *respondent_here(const struct model *model, const struct session_options *session, struct error *err);
/* A model of a server ("": its only one); watch must outlive it and is asked while a server is waited for. */
struct respondent *respondent_there(const struct endpoint_place *place, const char *model,
                                    const struct endpoint_watch *watch, struct error *err);
/* NULL is fine. */
void respondent_free(struct respondent *r);

/* Asks for the likelihoods of the choices of questions[0..n). `take` gets each question when it is through, in any order;
 * progress may stop, which loses those under way. Questions with the same beginning are asked best together. */
enum error_code respondent_choose(struct respondent *r, const struct eval_question *questions, size_t n,
                                  respondent_take *take, session_progress *progress, void *context, struct error *err);
/* The same for questions that are answered in the model's own words. */
enum error_code respondent_write(struct respondent *r, const struct eval_question *questions, size_t n,
                                 eval_written_take *take, session_progress *progress, void *context, struct error *err);
/* Appends the bytes of a token. */
enum error_code respondent_piece(struct respondent *r, int32_t id, struct buf *out, struct error *err);

#endif
