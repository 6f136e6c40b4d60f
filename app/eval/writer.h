/* Writer: lets a model answer questions in its own words, the likeliest token at each step, several answers side by
 * side. */
#ifndef PALAVER_APP_EVAL_WRITER_H
#define PALAVER_APP_EVAL_WRITER_H

#include <stddef.h>

#include "app/eval/coder.h"
#include "app/eval/question.h"
#include "base/buf.h"
#include "base/error.h"
#include "engine/engine.h"

struct eval_writer;
/* The runner must outlive it and belongs to the same thread. NULL on failure. */
struct eval_writer *eval_writer_new(struct runner *r, struct error *err);
void eval_writer_free(struct eval_writer *w);

/* What the model wrote. */
struct eval_written {
    struct ids prompt; /* as many of its last ids as leave room for the answer */
    struct buf text;   /* up to where the task ends it */
    enum finish finish;
};
void eval_written_free(struct eval_written *w);

/* Question number i is answered; *w is freed afterwards. */
typedef void eval_written_take(void *context, size_t i, const struct eval_written *w);
/* Answers questions[0..n) of tasks that let the model write; the coder is that of the runner's model. `take` gets each
 * answer when it has ended, in any order; progress gets answers begun and wanted and may stop, which loses those under
 * way. */
enum error_code eval_write(struct eval_writer *w, const struct coder *coder, const struct eval_question *questions,
                           size_t n, eval_written_take *take, session_progress *progress, void *context,
                           struct error *err);
/* The ids that questions[0..n) are asked with: fills the prompts of out[0..n), to be freed after a failure too. */
enum error_code eval_write_prepare(const struct coder *coder, const struct eval_question *questions, size_t n,
                                   struct eval_written *out, struct error *err);

#endif
