/* Respondent: passing on. */
#include <config.h>

#include "app/eval/respondent.h"

void respondent_free(struct respondent *r)
{
    if (r != NULL)
        r->kind->free(r);
}

enum error_code respondent_choose(struct respondent *r, const struct eval_question *questions, size_t n,
                                  respondent_take *take, session_progress *progress, void *context, struct error *err)
{
    return r->kind->choose(r, questions, n, take, progress, context, err);
}

enum error_code respondent_write(struct respondent *r, const struct eval_question *questions, size_t n,
                                 eval_written_take *take, session_progress *progress, void *context, struct error *err)
{
    return r->kind->write(r, questions, n, take, progress, context, err);
}

enum error_code respondent_piece(struct respondent *r, int32_t id, struct buf *out, struct error *err)
{
    return r->kind->piece(r, id, out, err);
}
